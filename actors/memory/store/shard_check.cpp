#include <hololoom/actors/memory/store/shard_store.hpp>
#include <hololoom/actors/memory/text/text.hpp>

namespace hololoom {

caf::error check(const shard& x, std::size_t max_bytes) {
  auto fail = [&](const std::string& problem) {
    return failure(errc::invalid_shard,
                   "shard " + (x.id.empty() ? "without an id" : x.id) + ": "
                     + problem);
  };
  if (auto at = first_invalid_utf8(x.id))
    return failure(errc::invalid_shard,
                   "a shard's id is not UTF-8 at byte " + std::to_string(*at));
  if (x.id.empty())
    return fail("it needs an id");
  if (trim(x.text).empty())
    return fail("its text is empty");
  if (x.text.size() > max_bytes)
    return fail("its text has " + std::to_string(x.text.size())
                + " bytes; split it, a shard holds at most "
                + std::to_string(max_bytes));
  if (auto at = first_invalid_utf8(x.text))
    return fail("its text is not UTF-8 at byte " + std::to_string(*at));
  auto wrong = [](const std::string& text) {
    return first_invalid_utf8(text).has_value();
  };
  if (x.episode && wrong(*x.episode))
    return fail("its episode is not UTF-8");
  for (const auto* list : {&x.entities, &x.motifs})
    for (const auto& text : *list)
      if (wrong(text))
        return fail("an entity or motif is not UTF-8");
  return {};
}

caf::error check(const remember_request& x) {
  for (const auto& y : x.shards)
    if (auto err = check(y))
      return err;
  return {};
}

} // namespace hololoom
