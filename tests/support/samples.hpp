#pragma once

#include <hololoom/messages/json/read.hpp>
#include <hololoom/messages/json/value.hpp>

#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace hololoom::test {

/// A value of `T` in which no member has its default, so that a lost member
/// shows.
template <class T>
T sample() {
  if constexpr (std::is_same_v<T, attributes>) {
    return attributes{
      json{{"key", "wärp"}, {"n", 7}, {"list", {1, 2.5, nullptr}}}};
  } else if constexpr (std::is_same_v<T, timestamp>) {
    return timestamp{std::chrono::microseconds{1'795'449'248'123'456}};
  } else if constexpr (detail::is_duration<T>) {
    return T{42};
  } else if constexpr (named_enum<T>) {
    return std::get<0>(enumerators(T{}).back());
  } else if constexpr (detail::is_maybe<T>) {
    return sample<std::remove_cvref_t<decltype(*std::declval<T&>())>>();
  } else if constexpr (detail::is_vector<T>) {
    return {sample<typename T::value_type>(), sample<typename T::value_type>()};
  } else if constexpr (detail::is_string_map<T>) {
    return {{"a", sample<typename T::mapped_type>()},
            {"ü", sample<typename T::mapped_type>()}};
  } else if constexpr (std::is_same_v<T, std::string>) {
    return "Fäden, \"quoted\"\n\ttabbed";
  } else if constexpr (std::is_same_v<T, bool>) {
    return true;
  } else if constexpr (std::is_arithmetic_v<T>) {
    return static_cast<T>(77.25);
  } else {
    T x{};
    for_each_field(x, [](std::string_view, auto& y) {
      using member_type = std::remove_reference_t<decltype(y)>;
      if constexpr (std::is_same_v<member_type, bool>)
        y = !y;
      else
        y = sample<member_type>();
    });
    return x;
  }
}

} // namespace hololoom::test
