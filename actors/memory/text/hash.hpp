#pragma once

#include <cstdint>
#include <string_view>

namespace hololoom::detail {

inline constexpr std::uint64_t fnv_start = 14695981039346656037U;

/// FNV-1a, 64 bit: the same hash in every process.
constexpr std::uint64_t fnv1a(std::string_view bytes,
                              std::uint64_t hash = fnv_start) {
  for (auto c : bytes)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

} // namespace hololoom::detail
