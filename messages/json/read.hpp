#pragma once

#include <hololoom/messages/json/value.hpp>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

/// Messages from JSON. Reading ignores keys it does not know and answers
/// `errc::invalid_json` with the path of what is wrong
/// ("trace.start_time: ...").

namespace hololoom {

namespace detail {

inline caf::error at(std::string_view path, const std::string& problem) {
  return failure(errc::invalid_json,
                 (path.empty() ? std::string{"value"} : std::string{path})
                   + ": " + problem);
}

inline std::string join(std::string_view path, std::string_view name) {
  return path.empty() ? std::string{name}
                      : std::string{path} + "." + std::string{name};
}

} // namespace detail

/// Reads `value` into `x`; `path` says where in the whole `value` stands.
/// @returns none, or `errc::invalid_json` with the path and what was expected.
template <class T>
caf::error from_json_value(const json& value, T& x,
                           std::string_view path = {}) {
  using detail::at;
  if constexpr (std::is_same_v<T, attributes>) {
    if (!value.is_object())
      return at(path, "expected an object");
    x = attributes{value};
  } else if constexpr (std::is_same_v<T, timestamp>) {
    if (!value.is_string())
      return at(path, "expected an ISO 8601 time");
    auto t = parse_iso8601(value.template get_ref<const std::string&>());
    if (!t)
      return at(path, explain(t.error()));
    x = *t;
  } else if constexpr (detail::is_duration<T>) {
    if (!value.is_number())
      return at(path, "expected a number of milliseconds");
    x = std::chrono::duration_cast<T>(millis{value.template get<double>()});
  } else if constexpr (named_enum<T>) {
    if (value.is_string()) {
      for (const auto& [candidate, name] : enumerators(x)) {
        if (name == value.template get_ref<const std::string&>()) {
          x = candidate;
          return {};
        }
      }
    }
    std::string names;
    for (const auto& [candidate, name] : enumerators(x))
      names += (names.empty() ? "" : ", ") + std::string{name};
    return at(path, "expected one of " + names);
  } else if constexpr (detail::is_maybe<T>) {
    if (value.is_null()) {
      x = nothing;
      return {};
    }
    std::remove_cvref_t<decltype(*x)> y{};
    if (auto err = from_json_value(value, y, path))
      return err;
    x = std::move(y);
  } else if constexpr (detail::is_vector<T>) {
    if (!value.is_array())
      return at(path, "expected an array");
    x.clear();
    for (const auto& element : value) {
      typename T::value_type y{};
      auto place = std::string{path} + "[" + std::to_string(x.size()) + "]";
      if (auto err = from_json_value(element, y, place))
        return err;
      x.push_back(std::move(y));
    }
  } else if constexpr (detail::is_string_map<T>) {
    if (!value.is_object())
      return at(path, "expected an object");
    x.clear();
    for (const auto& [key, element] : value.items()) {
      typename T::mapped_type y{};
      if (auto err = from_json_value(element, y, detail::join(path, key)))
        return err;
      x.emplace(key, std::move(y));
    }
  } else if constexpr (detail::is_json_array<T>) {
    constexpr auto size = field_count<T>;
    if (!value.is_array() || value.size() != size)
      return at(path, "expected an array of " + std::to_string(size));
    caf::error err;
    std::size_t i = 0;
    for_each_field(x, [&](std::string_view name, auto& y) {
      if (!err)
        err = from_json_value(value[i++], y, detail::join(path, name));
    });
    return err;
  } else if constexpr (described<T>) {
    if (!value.is_object())
      return at(path, "expected an object");
    if constexpr (requires { T::required; }) {
      for (std::string_view name : T::required)
        if (!value.contains(std::string{name}))
          return at(detail::join(path, name), "is missing");
    }
    caf::error err;
    for_each_field(x, [&](std::string_view name, auto& y) {
      if (err)
        return;
      if (auto i = value.find(std::string{name}); i != value.end())
        err = from_json_value(*i, y, detail::join(path, name));
    });
    return err;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_boolean())
      return at(path, "expected true or false");
    x = value.template get<bool>();
  } else if constexpr (std::is_integral_v<T>) {
    if (!value.is_number_integer())
      return at(path, "expected a whole number");
    if (std::is_unsigned_v<T> && !value.is_number_unsigned())
      return at(path, "expected a number that is not negative");
    x = value.template get<T>();
    if (json(x) != value)
      return at(path, "the number is too large");
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!value.is_number())
      return at(path, "expected a number");
    x = value.template get<T>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!value.is_string())
      return at(path, "expected text");
    x = value.template get<std::string>();
  } else {
    static_assert(described<T>, "this type has no JSON form");
  }
  return {};
}

/// Reads a message from JSON text.
template <class T>
[[nodiscard]] caf::expected<T> from_json_text(std::string_view text) {
  auto value = parse_json(text);
  if (!value)
    return std::move(value.error());
  T x{};
  if (auto err = from_json_value(*value, x))
    return err;
  return x;
}

} // namespace hololoom
