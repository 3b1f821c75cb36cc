#include <hololoom/actors/reflection/journal/content.hpp>
#include <hololoom/messages/json/read.hpp>

#include <utility>

namespace hololoom {

namespace {

bool same_reward(const episode_row& stored, const episode_row& x) {
  if (!x.reward_given)
    return stored.formula != reward_formula::given;
  return stored.formula == x.formula
      && stored.learned.reward == x.learned.reward;
}

bool same_outcome(const outcome& a, const outcome& b) {
  return a.tool == b.tool && a.pattern == b.pattern
      && a.confidence == b.confidence && a.duration_ms == b.duration_ms
      && a.query_length == b.query_length;
}

} // namespace

std::string content_of(spacetime x) {
  x.created_at = {};
  x.trace.start_time = {};
  x.trace.end_time = {};
  if (x.metadata.has("merged"))
    x.metadata.values().erase("merged");
  // This kind of tree sorts its keys.
  return nlohmann::json::parse(json_text(x)).dump();
}

std::string content_of(const episode& x) {
  return content_of(x.woven) + json_text(x.said);
}

std::int64_t digest_of_content(std::string_view content) {
  // FNV-1a, 64 bits.
  std::uint64_t hash = 0xcbf29ce484222325;
  for (char c : content) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return static_cast<std::int64_t>(hash);
}

std::optional<std::int64_t> digest_of_body(std::string_view body) {
  auto made = from_json_text<episode>(body);
  if (!made)
    return std::nullopt;
  return digest_of_content(content_of(*made));
}

bool same_content(const episode_row& stored, const episode_row& x) {
  if (!same_reward(stored, x))
    return false;
  if (stored.body == x.body)
    return true;
  auto now = from_json_text<episode>(x.body);
  if (now && stored.content)
    return *stored.content == digest_of_content(content_of(*now));
  auto then = from_json_text<episode>(stored.body);
  return now && then ? content_of(*then) == content_of(*now)
                     : same_outcome(stored.learned, x.learned);
}

bool same_spacetime(std::string_view stored, std::string_view x) {
  if (stored == x)
    return true;
  auto then = from_json_text<spacetime>(stored);
  auto now = from_json_text<spacetime>(x);
  return then && now && content_of(*then) == content_of(*now);
}

} // namespace hololoom
