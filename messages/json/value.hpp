#pragma once

#include <hololoom/messages/attributes.hpp>
#include <hololoom/messages/json/write.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

/// JSON as a tree, for the few who take it apart or build it by hand. This and
/// `read.hpp` are the only headers that include the JSON library.

namespace hololoom {

/// JSON as one line of UTF-8; bytes that are not UTF-8 become U+FFFD.
std::string to_text(const json& value);

/// The same with line breaks and two spaces of indentation a level.
std::string to_pretty_text(const json& value);

/// Reads JSON text.
/// @returns `errc::invalid_json` with the position of what is wrong and what it
///          looks like; also for a key that is twice in an object, nesting
///          deeper than 512 levels, a whole number beyond 64 bits, and a number
///          that is beyond the range of floating point numbers.
[[nodiscard]] caf::expected<json> parse_json(std::string_view text);

/// `x` as a tree.
template <class T>
json to_json_value(const T& x) {
  return json::parse(json_text(x));
}

} // namespace hololoom
