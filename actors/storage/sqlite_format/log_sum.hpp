#pragma once

#include <cstddef>
#include <cstdint>

/// The checksums of a SQLite log: https://sqlite.org/fileformat2.html#walformat

namespace hololoom {

/// What stands before the frames of a log, and before the page of each frame.
constexpr std::size_t log_header_size = 32;
constexpr std::size_t frame_header_size = 24;

inline std::uint32_t big_endian(const unsigned char* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16
       | std::uint32_t{p[2]} << 8 | std::uint32_t{p[3]};
}

inline std::uint32_t little_endian(const unsigned char* p) {
  return std::uint32_t{p[3]} << 24 | std::uint32_t{p[2]} << 16
       | std::uint32_t{p[1]} << 8 | std::uint32_t{p[0]};
}

/// A log's running checksum, over pairs of words. It goes on from frame to
/// frame, so that each frame's says what came before it.
struct log_sum {
  bool big = false;
  std::uint32_t a = 0;
  std::uint32_t b = 0;

  /// The sum that is stored at `p`.
  static log_sum stored_at(const unsigned char* p, bool big) {
    return {big, big_endian(p), big_endian(p + 4)};
  }

  void add(const unsigned char* p, std::size_t size) {
    for (std::size_t i = 0; i + 8 <= size; i += 8) {
      a += (big ? big_endian(p + i) : little_endian(p + i)) + b;
      b += (big ? big_endian(p + i + 4) : little_endian(p + i + 4)) + a;
    }
  }

  bool matches(const unsigned char* stored) const {
    return a == big_endian(stored) && b == big_endian(stored + 4);
  }

  bool operator==(const log_sum&) const = default;
};

} // namespace hololoom
