#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// The layout of a SQLite write-ahead log:
/// https://sqlite.org/fileformat2.html#walformat

namespace hololoom::wal {

inline constexpr std::size_t header_size = 32;
inline constexpr std::size_t frame_header_size = 24;

inline std::uint32_t big_endian(const unsigned char* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16
       | std::uint32_t{p[2]} << 8 | std::uint32_t{p[3]};
}

inline std::uint32_t little_endian(const unsigned char* p) {
  return std::uint32_t{p[3]} << 24 | std::uint32_t{p[2]} << 16
       | std::uint32_t{p[1]} << 8 | std::uint32_t{p[0]};
}

inline std::string_view text_at(const unsigned char* p, std::size_t size) {
  return {reinterpret_cast<const char*>(p), size};
}

/// A log's running checksum, over pairs of words. It continues from frame to
/// frame, so that the checksum of each depends on all before it.
struct checksum {
  bool big = false; ///< The byte order of the words.
  std::uint32_t a = 0;
  std::uint32_t b = 0;

  static checksum stored_at(const unsigned char* p, bool big) {
    return {big, big_endian(p), big_endian(p + 4)};
  }

  void add(const unsigned char* p, std::size_t size) {
    for (std::size_t i = 0; i + 8 <= size; i += 8) {
      a += (big ? big_endian(p + i) : little_endian(p + i)) + b;
      b += (big ? big_endian(p + i + 4) : little_endian(p + i + 4)) + a;
    }
  }

  bool operator==(const checksum&) const = default;
};

/// A log's header.
struct log_header {
  const unsigned char* p = nullptr;

  bool magic_intact() const {
    return (big_endian(p) & 0xfffffffe) == 0x377f0682;
  }
  bool big() const { return (big_endian(p) & 1) != 0; }
  std::size_t page_size() const { return big_endian(p + 8); }
  /// What names the generation that the log is in.
  std::string_view salts() const { return text_at(p + 16, 8); }
  checksum stored(bool big) const { return checksum::stored_at(p + 24, big); }
  checksum computed(bool big) const {
    checksum result{big};
    result.add(p, 24);
    return result;
  }
};

/// A frame: its own header, then a page.
struct frame {
  const unsigned char* p = nullptr;
  std::size_t page_size = 0;

  std::size_t size() const { return frame_header_size + page_size; }
  std::uint32_t page() const { return big_endian(p); }
  bool ends_transaction() const { return big_endian(p + 4) != 0; }
  std::string_view salts() const { return text_at(p + 8, 8); }
  std::string_view content() const {
    return text_at(p + frame_header_size, page_size);
  }
  checksum stored(bool big) const { return checksum::stored_at(p + 16, big); }
  /// The frame's checksum, given that of the frame before it.
  checksum computed(checksum before) const {
    before.add(p, 8);
    before.add(p + frame_header_size, page_size);
    return before;
  }
};

} // namespace hololoom::wal
