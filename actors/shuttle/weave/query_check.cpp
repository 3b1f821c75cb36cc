#include <hololoom/actors/memory/text/text.hpp>
#include <hololoom/actors/shuttle/weave/query_check.hpp>

#include <cmath>

namespace hololoom {

namespace {

caf::error invalid(const std::string& why) {
  return failure(errc::invalid_query, "cannot weave this query: " + why);
}

} // namespace

caf::error check_query(const weave_request& request,
                       const shuttle_options& options) {
  const auto& text = request.asked.text;
  // A code point has at most four bytes: a longer text need not be read.
  auto most = static_cast<std::size_t>(options.max_query_chars);
  if (text.size() / 4 > most)
    return invalid("its text has more than " + std::to_string(most)
                   + " characters, the limit");
  if (auto at = first_invalid_utf8(text))
    return invalid("its text is not UTF-8 at byte " + std::to_string(*at));
  if (trim(text).empty())
    return invalid("its text is empty");
  if (auto length = count_code_points(text); length > most)
    return invalid("its text has " + std::to_string(length)
                   + " characters; the limit is " + std::to_string(most));
  if (request.deadline
      && !(std::isfinite(request.deadline->count())
           && request.deadline->count() > 0))
    return invalid("deadline_ms must be more than 0");
  return {};
}

} // namespace hololoom
