#pragma once

#include <hololoom/messages/json/json.hpp>

#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

/// Messages as JSON text without a tree in between, for what is written often.
/// The same JSON as `to_json_value`, read back by `from_json_text`.

namespace hololoom {

namespace detail {

/// Whether a JSON string can hold `text` as it is.
inline bool is_plain(std::string_view text) {
  // Without an early exit, so that the compiler looks at many at once.
  auto special = false;
  for (char c : text) {
    auto u = static_cast<unsigned char>(c);
    special |= (u < 0x20) | (u >= 0x7f) | (u == '"') | (u == '\\');
  }
  return !special;
}

inline void append_string(std::string& out, std::string_view text) {
  if (!is_plain(text)) {
    out += to_text(json(text));
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

template <class T>
void append_number(std::string& out, T x) {
  std::array<char, 32> buffer;
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x).ptr;
  out.append(buffer.data(), end);
}

inline void append_real(std::string& out, double x) {
  if (!std::isfinite(x)) {
    out += "null";
    return;
  }
  auto begin = out.size();
  append_number(out, x);
  if (out.find_first_of(".e", begin) == std::string::npos)
    out += ".0";
}

/// What stands before each field's value in a `T`: `{"first":`, `,"second":`.
template <class T>
const auto& keys_of() {
  static const auto keys = std::apply(
    [open = '{'](const auto&... fs) mutable {
      return std::array<std::string, sizeof...(fs)>{
        (std::exchange(open, ',') + ('"' + std::string{fs.name}) + "\":")...};
    },
    T::fields());
  return keys;
}

/// The same text as `to_text(x)`.
inline void append_value(std::string& out, const json& x) {
  if (x.is_string())
    return append_string(out, x.get_ref<const std::string&>());
  if (!x.is_object() || x.empty()) {
    out += to_text(x);
    return;
  }
  auto separator = '{';
  for (const auto& [key, value] : x.items()) {
    out += std::exchange(separator, ',');
    append_string(out, key);
    out += ':';
    append_value(out, value);
  }
  out += '}';
}

} // namespace detail

/// Appends `x` to `out`. A floating point number is written with as many digits
/// as it takes to read the same bits back.
template <class T>
void append_json(std::string& out, const T& x) {
  auto list = [&out, first = true](char open) mutable {
    out += first ? open : ',';
    first = false;
  };
  if constexpr (std::is_same_v<T, attributes>) {
    detail::append_value(out, x.values);
  } else if constexpr (std::is_same_v<T, timestamp>) {
    out += '"';
    append_iso8601(out, x);
    out += '"';
  } else if constexpr (detail::is_duration<T>::value) {
    append_json(out, std::chrono::duration_cast<millis>(x).count());
  } else if constexpr (named_enum<T>) {
    detail::append_string(out, name_of(x));
  } else if constexpr (detail::is_maybe<T>::value) {
    if (x)
      append_json(out, *x);
    else
      out += "null";
  } else if constexpr (detail::is_vector<T>::value) {
    if (x.empty())
      out += '[';
    for (const auto& y : x) {
      list('[');
      append_json(out, y);
    }
    out += ']';
  } else if constexpr (detail::is_string_map<T>::value) {
    if (x.empty())
      out += '{';
    for (const auto& [key, y] : x) {
      list('{');
      detail::append_string(out, key);
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
    auto key = detail::keys_of<T>().begin();
    for_each_field(x, [&](std::string_view, const auto& y) {
      out += *key++;
      append_json(out, y);
    });
    out += '}';
  } else if constexpr (std::is_same_v<T, bool>) {
    out += x ? "true" : "false";
  } else if constexpr (std::is_floating_point_v<T>) {
    detail::append_real(out, x);
  } else if constexpr (std::is_integral_v<T>) {
    detail::append_number(out, x);
  } else {
    static_assert(std::is_same_v<T, std::string>, "no JSON form");
    detail::append_string(out, x);
  }
}

/// `x` as JSON text.
template <class T>
std::string json_text(const T& x) {
  std::string result;
  append_json(result, x);
  return result;
}

} // namespace hololoom
