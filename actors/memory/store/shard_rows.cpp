#include <hololoom/actors/memory/store/shard_rows.hpp>
#include <hololoom/actors/memory/store/shard_store.hpp>
#include <hololoom/messages/json/read.hpp>

#include <zlib.h>

#include <utility>

namespace hololoom {

namespace detail {

namespace {

/// Reads what `encode_rest` wrote into `x`.
bool read_rest(std::string_view rest, shard& x) {
  auto value = json::parse(rest, nullptr, false);
  if (!value.is_object())
    return false;
  auto read = [&](const char* key, auto& to) {
    auto i = value.find(key);
    return i == value.end() || !from_json_value(*i, to, key);
  };
  return read("episode", x.episode) && read("entities", x.entities)
      && read("motifs", x.motifs) && read("metadata", x.metadata);
}

} // namespace

std::string encode_rest(const shard& x) {
  std::string result;
  for_each_field(x, [&](std::string_view name, const auto& member) {
    if (name == "id" || name == "text")
      return;
    result += result.empty() ? "{\"" : ",\"";
    result += name;
    result += "\":";
    append_json(result, member);
  });
  return result + '}';
}

std::int64_t checksum_of(std::string_view id, std::string_view text,
                         std::string_view rest) {
  auto sum = crc32(0, nullptr, 0);
  for (auto part : {id, text, rest})
    sum = crc32(sum, reinterpret_cast<const Bytef*>(part.data()),
                static_cast<uInt>(part.size()));
  return static_cast<std::int64_t>(sum);
}

} // namespace detail

caf::expected<std::vector<shard>> stored_rows::decode() && {
  auto broken = [this](const std::string& what) {
    return failure(errc::corrupt,
                   "could not read " + path + ": " + what
                     + "; nothing was overwritten. Move the file away and "
                       "remember the sources again, or restore a copy");
  };
  std::vector<shard> result;
  result.reserve(rows.size());
  for (auto& x : rows) {
    if (detail::checksum_of(x.id, x.text, x.rest) != x.checksum)
      return broken("the checksum of shard " + x.id + " does not match");
    auto& made = result.emplace_back();
    made.id = std::move(x.id);
    made.text = std::move(x.text);
    if (!detail::read_rest(x.rest, made))
      return broken("shard " + made.id + " cannot be read");
  }
  return result;
}

} // namespace hololoom
