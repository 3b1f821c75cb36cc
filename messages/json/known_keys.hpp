#pragma once

#include <hololoom/messages/json/read.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace hololoom {

namespace detail {

caf::error unknown_key(const std::string& path, const std::string& key,
                       const std::vector<std::string>& known);

} // namespace detail

/// Refuses keys of `value` that `T` does not have, at any depth.
/// @returns `errc::invalid_config` with the key's path and the nearest right
///          one.
template <class T>
caf::error refuse_unknown_keys(const json& value, std::string_view path = {}) {
  caf::error err;
  if constexpr (described<T>) {
    if (!value.is_object())
      return err;
    std::vector<std::string> known;
    T x{};
    for_each_field(
      x, [&](std::string_view name, auto&) { known.emplace_back(name); });
    for (const auto& [key, ignored] : value.items())
      if (std::find(known.begin(), known.end(), key) == known.end())
        return detail::unknown_key(detail::join(path, key), key, known);
    for_each_field(x, [&](std::string_view name, auto& member) {
      auto i = value.find(std::string{name});
      if (!err && i != value.end())
        err = refuse_unknown_keys<std::remove_cvref_t<decltype(member)>>(
          *i, detail::join(path, name));
    });
  }
  return err;
}

} // namespace hololoom
