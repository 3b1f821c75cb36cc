#pragma once

#include <hololoom/messages/errc.hpp>

#include <filesystem>

namespace hololoom {

/// Locks a file for as long as the object lives, against other processes and
/// against other owners in this one: `flock` belongs to an opening of the file,
/// so that a second opening by the same process is refused as well. The file
/// contains the owner's pid as text. The kernel releases the lock when the
/// process ends, however it ends.
class file_lock {
public:
  file_lock() = default;

  /// @returns `errc::data_dir_locked` with the owner's pid, or why the file
  ///          cannot be created or locked: `errc::read_only`,
  ///          `errc::disk_full`, `errc::data_dir_unusable` or `errc::io_error`.
  static caf::expected<file_lock> take(const std::filesystem::path& file);

  file_lock(file_lock&& other) noexcept;
  file_lock& operator=(file_lock&& other) noexcept;
  ~file_lock();

private:
  explicit file_lock(int fd) : fd_(fd) {}

  int fd_ = -1;
};

/// The pid in a lock's file; 0 if it has none.
int lock_owner(const std::filesystem::path& file);

} // namespace hololoom
