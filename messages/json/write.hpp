#pragma once

#include <hololoom/messages/attributes.hpp>
#include <hololoom/messages/describe.hpp>
#include <hololoom/messages/time.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Messages as JSON text, from their `fields()`, without a tree in between.
/// What `from_json_text` reads back.
///
/// Times are ISO 8601 UTC, durations numbers of milliseconds, enums their
/// names, an absent `maybe` is null, and a number that is not finite is null.

namespace hololoom {

namespace detail {

template <class T>
inline constexpr bool is_maybe = false;
template <class T>
inline constexpr bool is_maybe<maybe<T>> = true;

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

template <class T>
inline constexpr bool is_string_map = false;
template <class T>
inline constexpr bool is_string_map<std::map<std::string, T>> = true;

template <class T>
inline constexpr bool is_duration = false;
template <class R, class P>
inline constexpr bool is_duration<std::chrono::duration<R, P>> = true;

template <class T>
inline constexpr bool is_json_array = false;
template <class T>
requires requires {
  T::json_array;
}
inline constexpr bool is_json_array<T> = T::json_array;

/// What stands before each field's value in a `T`: `{"first":`, `,"second":`.
template <class T>
const auto& keys_of() {
  static const auto keys = T::fields()([open = '{'](const auto&... fs) mutable {
    return std::array<std::string, sizeof...(fs)>{
      (std::exchange(open, ',') + ('"' + std::string{fs.name}) + "\":")...};
  });
  return keys;
}

} // namespace detail

/// Appends a string in quotes; bytes that are not UTF-8 become U+FFFD.
void append_json(std::string& out, std::string_view text);
/// Appends as many digits as it takes to read the same bits back.
void append_json(std::string& out, double x);
void append_json(std::string& out, std::int64_t x);
void append_json(std::string& out, std::uint64_t x);
void append_json(std::string& out, const attributes& x);

/// Appends `x` to `out`.
template <class T>
void append_json(std::string& out, const T& x) {
  auto list = [&out, first = true](char open) mutable {
    out += first ? open : ',';
    first = false;
  };
  if constexpr (std::is_same_v<T, timestamp>) {
    out += '"';
    append_iso8601(out, x);
    out += '"';
  } else if constexpr (detail::is_duration<T>) {
    append_json(out, std::chrono::duration_cast<millis>(x).count());
  } else if constexpr (named_enum<T>) {
    append_json(out, name_of(x));
  } else if constexpr (detail::is_maybe<T>) {
    if (x)
      append_json(out, *x);
    else
      out += "null";
  } else if constexpr (detail::is_vector<T>) {
    if (x.empty())
      out += '[';
    for (const auto& y : x) {
      list('[');
      append_json(out, y);
    }
    out += ']';
  } else if constexpr (detail::is_string_map<T>) {
    if (x.empty())
      out += '{';
    for (const auto& [key, y] : x) {
      list('{');
      append_json(out, std::string_view{key});
      out += ':';
      append_json(out, y);
    }
    out += '}';
  } else if constexpr (detail::is_json_array<T>) {
    for_each_field(x, [&](std::string_view, const auto& y) {
      list('[');
      append_json(out, y);
    });
    out += ']';
  } else if constexpr (described<T>) {
    if constexpr (field_count<T> == 0)
      out += '{';
    auto key = detail::keys_of<T>().begin();
    for_each_field(x, [&](std::string_view, const auto& y) {
      out += *key++;
      append_json(out, y);
    });
    out += '}';
  } else if constexpr (std::is_same_v<T, bool>) {
    out += x ? "true" : "false";
  } else if constexpr (std::is_floating_point_v<T>) {
    append_json(out, static_cast<double>(x));
  } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
    append_json(out, static_cast<std::int64_t>(x));
  } else if constexpr (std::is_integral_v<T>) {
    append_json(out, static_cast<std::uint64_t>(x));
  } else {
    static_assert(std::is_same_v<T, std::string>, "this type has no JSON form");
    append_json(out, std::string_view{x});
  }
}

/// `x` as JSON text, on one line.
template <class T>
std::string json_text(const T& x) {
  std::string result;
  append_json(result, x);
  return result;
}

/// JSON text with line breaks and two spaces of indentation a level.
/// @pre `text` is JSON.
std::string pretty_json(const std::string& text);

} // namespace hololoom
