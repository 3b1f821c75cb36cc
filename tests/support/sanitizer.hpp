#pragma once

namespace hololoom::test {

/// Whether the tests run under AddressSanitizer, which takes time, and keeps
/// memory that was given back.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool under_asan = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool under_asan = true;
#else
inline constexpr bool under_asan = false;
#endif
#else
inline constexpr bool under_asan = false;
#endif

} // namespace hololoom::test
