#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hololoom {

/// Writes to one file that follow one another, gathered until they are many
/// enough for one call of the system's, or must be in the file.
///
/// SQLite writes each page of a log in two calls, and each page of a checkpoint
/// in one. What is held here is lost when the process is killed, as what was
/// not synced is in a power loss; so whoever syncs, reads or measures the file
/// must `take` first.
class gathered_writes {
public:
  /// The most that is held; SQLite's own layer takes less than 128 KiB at once.
  static constexpr std::size_t capacity = 65'536;

  /// Holds `size` bytes for `offset`.
  /// @returns false if they do not follow what is held, or are too many: then
  ///          take that first.
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

  /// Whether something is held for this part of the file.
  bool overlaps(std::int64_t offset, std::size_t size) const noexcept {
    return !empty() && offset < end()
        && offset + static_cast<std::int64_t>(size) > offset_;
  }

  /// Has `write(bytes, offset)` write what is held, which is then forgotten,
  /// whatever became of it.
  template <class F>
  auto take(F write) {
    auto result = write(bytes_, offset_);
    bytes_.clear();
    return result;
  }

  /// Forgets what is held.
  void drop() noexcept { bytes_.clear(); }

private:
  std::int64_t end() const noexcept {
    return offset_ + static_cast<std::int64_t>(bytes_.size());
  }

  std::int64_t offset_ = 0;
  std::vector<char> bytes_;
};

} // namespace hololoom
