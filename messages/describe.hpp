#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace hololoom {

/// One member of a message: its name on the outside and where it is kept.
template <class Struct, class Member>
struct field {
  std::string_view name;
  Member Struct::*pointer;
};

/// Names a member in a struct's `fields()`.
template <class Struct, class Member>
constexpr field<Struct, Member> member(std::string_view name,
                                       Member Struct::*pointer) {
  return {name, pointer};
}

/// The members of a struct, in order: hands all of them to the function that
/// it is given. A `std::tuple` would check its constructors for each struct, in
/// every source that includes the header.
template <class... Fields>
constexpr auto members(Fields... fields) {
  return [=](auto&& f) -> decltype(auto) {
    return f(fields...);
  };
}

/// A struct that lists its members once, in a static `fields()`. What CAF
/// sends, what JSON shows and what the tests compare all come from that list.
///
/// Optional extras a struct may declare beside it:
/// - `static constexpr std::array required{"id", "text"};` names the keys that
///   JSON input must have; others keep their default when left out.
/// - `static constexpr bool json_array = true;` writes it as an array.
///
/// ~~~
/// struct point {
///   double x = 0;
///   double y = 0;
///   static constexpr auto fields() {
///     return members(member("x", &point::x), member("y", &point::y));
///   }
///   bool operator==(const point&) const = default;
/// };
/// ~~~
template <class T>
concept described = requires {
  std::remove_cvref_t<T>::fields();
};

/// Calls `f(name, member)` for each member of `x`, in order.
template <described T, class F>
constexpr void for_each_field(T& x, F&& f) {
  std::remove_cv_t<T>::fields()(
    [&](const auto&... fs) { (f(fs.name, x.*fs.pointer), ...); });
}

/// The number of members of `T`.
template <described T>
constexpr std::size_t field_count = T::fields()([](const auto&... fs) {
  return sizeof...(fs);
});

/// An enum whose names are listed by `enumerators(E)`, found by ADL: an array
/// of pairs of value and name.
template <class E>
concept named_enum = std::is_enum_v<E> && requires {
  enumerators(E{});
};

/// The name of `x`, or "unknown" for a value outside the enum.
template <named_enum E>
constexpr std::string_view name_of(E x) {
  for (const auto& [value, name] : enumerators(x))
    if (value == x)
      return name;
  return "unknown";
}

} // namespace hololoom
