#include <hololoom/actors/reflection/learning/reward.hpp>
#include <hololoom/actors/reflection/options.hpp>
#include <hololoom/actors/reflection/transfer/parse_episode.hpp>
#include <hololoom/messages/json/read.hpp>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace hololoom {

namespace {

/// The original also accepted a number for `helpful`, which is a rating.
void mend_feedback(json& value) {
  auto said = value.find("feedback");
  if (said == value.end() || !said->is_object())
    return;
  auto helpful = said->find("helpful");
  if (helpful == said->end() || !helpful->is_number())
    return;
  auto rating = std::clamp(helpful->get<double>(), 1.0, 5.0);
  said->erase(helpful);
  if (!said->contains("rating"))
    (*said)["rating"] = rating;
}

/// Replaces bare NaN, Infinity and -Infinity, which the original wrote although
/// JSON lacks them, by null.
std::string without_bare_constants(std::string_view text) {
  std::string result;
  auto quoted = false;
  for (std::size_t i = 0; i < text.size();) {
    auto rest = text.substr(i);
    auto constant = std::string_view{};
    for (std::string_view x : {"NaN", "Infinity", "-Infinity"})
      if (!quoted && rest.starts_with(x))
        constant = x;
    if (!constant.empty()) {
      result += "null";
      i += constant.size();
      continue;
    }
    if (quoted && text[i] == '\\' && i + 1 < text.size())
      result += text[i++];
    else if (text[i] == '"')
      quoted = !quoted;
    result += text[i++];
  }
  return result;
}

/// Removes members that are null.
void drop_nulls(json& value) {
  if (value.is_object())
    for (auto i = value.begin(); i != value.end();)
      i = i->is_null() ? value.erase(i) : std::next(i);
  if (value.is_structured())
    for (auto& x : value)
      drop_nulls(x);
}

/// Sets a required number to 0 if it is missing.
bool set_if_missing(json& object, const char* key) {
  return object.is_object() && object.emplace(key, 0.0).second;
}

/// Parses an episode that has bare constants. Derives the reward from the rest
/// if it is missing.
caf::expected<episode> parse_with_constants(const std::string& text) {
  auto value = parse_json(without_bare_constants(text));
  if (!value)
    return std::move(value.error());
  drop_nulls(*value);
  mend_feedback(*value);
  auto unrewarded = set_if_missing(*value, "reward");
  if (auto woven = value->find("spacetime"); woven != value->end()) {
    set_if_missing(*woven, "confidence");
    if (auto trace = woven->find("trace"); trace != woven->end())
      set_if_missing(*trace, "duration_ms");
  }
  episode result;
  if (auto err = from_json_value(*value, result))
    return err;
  if (unrewarded) {
    reflection_options defaults;
    result.reward =
      normalised(extracted_reward(result.woven, result.said, defaults.weights));
    result.formula = reward_formula::extracted;
    result.success = result.reward >= defaults.success_threshold;
  }
  return result;
}

} // namespace

caf::expected<episode> parse_episode(const std::string& text) {
  auto value = parse_json(text);
  if (!value) {
    // The error refers to the text as it is.
    auto mended = parse_with_constants(text);
    return mended ? std::move(mended) : std::move(value.error());
  }
  mend_feedback(*value);
  episode result;
  if (auto err = from_json_value(*value, result))
    return err;
  return result;
}

} // namespace hololoom
