#pragma once

#include <hololoom/messages/errc.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace hololoom {

/// JSON that keeps its keys in the order of insertion.
using json = nlohmann::ordered_json;

/// Free-form details of a message: a JSON object that travels as text.
struct attributes {
  json values = json::object();

  bool operator==(const attributes&) const = default;

  /// Whether `key` is there.
  bool has(std::string_view key) const;

  /// The text at `key`, or `fallback` if it is missing or no text.
  std::string text(std::string_view key, std::string_view fallback = {}) const;

  /// Sets `key`.
  void set(std::string_view key, json value);
};

/// JSON as one line of UTF-8; bytes that are not UTF-8 become U+FFFD.
std::string to_text(const json& value);

/// Reads JSON text.
/// @returns `errc::invalid_json` with the position of what is wrong.
caf::expected<json> parse_json(std::string_view text);

namespace detail {

caf::error parse_attributes(const std::string& text, attributes& x);

/// Where text of `size` bytes stops being JSON: at `byte`, counted from 1, or
/// at its end.
std::string place_in_json(std::size_t byte, std::size_t size);

} // namespace detail

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, attributes& x) {
  return inspect_as_text(
    f, x, [](const attributes& y) { return to_text(y.values); },
    detail::parse_attributes);
}

} // namespace hololoom
