#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hololoom {

/// Combines consecutive writes to one file into few system calls.
///
/// SQLite writes each page of a log in two calls, and each page of a checkpoint
/// in one. What the buffer holds is lost when the process is killed, as
/// unsynced writes are in a power loss; so it must be flushed before the file
/// is synced, read or measured.
class write_buffer {
public:
  /// The most that the buffer holds; SQLite's own layer takes less than 128 KiB
  /// at once.
  static constexpr std::size_t capacity = 65'536;

  /// Adds `size` bytes for `offset`.
  /// @returns false if they do not follow the buffer's bytes, or do not fit:
  ///          flush it first.
  bool add(const void* from, std::size_t size, std::int64_t offset) {
    if (bytes_.empty())
      offset_ = offset;
    if (offset != end() || bytes_.size() + size > capacity)
      return false;
    bytes_.reserve(capacity);
    auto begin = static_cast<const char*>(from);
    bytes_.insert(bytes_.end(), begin, begin + size);
    return true;
  }

  bool empty() const noexcept { return bytes_.empty(); }

  /// Whether the buffer has bytes of this part of the file.
  bool overlaps(std::int64_t offset, std::size_t size) const noexcept {
    return !empty() && offset < end()
        && offset + static_cast<std::int64_t>(size) > offset_;
  }

  /// Calls `write(bytes, offset)` and empties the buffer, even if the write
  /// fails.
  template <class F>
  auto flush(F write) {
    auto result = write(bytes_, offset_);
    bytes_.clear();
    return result;
  }

  /// Empties the buffer without a write.
  void discard() noexcept { bytes_.clear(); }

private:
  std::int64_t end() const noexcept {
    return offset_ + static_cast<std::int64_t>(bytes_.size());
  }

  std::int64_t offset_ = 0;
  std::vector<char> bytes_;
};

} // namespace hololoom
