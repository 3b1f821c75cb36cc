#pragma once

#include <hololoom/messages/errc.hpp>

#include <filesystem>

namespace hololoom {

/// Holds a file to one owner for as long as the object lives, between processes
/// and within one: `flock` belongs to an opening of the file, so that a second
/// opening by the same process is refused as well. The file holds the owner's
/// pid as text. The kernel releases it when the process ends, however that
/// happens.
class file_lock {
public:
  file_lock() = default;

  /// @returns `errc::data_dir_locked` with the owner's pid, or why the file
  ///          cannot be made: `errc::read_only`, `errc::disk_full`, or
  ///          `errc::data_dir_unusable`.
  static caf::expected<file_lock> take(const std::filesystem::path& file);

  file_lock(file_lock&& other) noexcept;
  file_lock& operator=(file_lock&& other) noexcept;
  ~file_lock();

private:
  explicit file_lock(int fd) : fd_(fd) {}

  int fd_ = -1;
};

/// The pid that a lock's file holds, 0 if none can be read.
int locked_by(const std::filesystem::path& file);

} // namespace hololoom
