#pragma once

#include <hololoom/messages/errc.hpp>

#include <filesystem>

namespace hololoom {

/// A data directory, locked to this process for as long as the object lives.
///
/// The lock is `flock` on `DIR/lock`, which holds the owner's pid as text; the
/// kernel releases it when the process ends, however that happens.
class data_dir {
public:
  /// Creates `path` and its parents if need be, and locks it.
  /// @returns `errc::data_dir_unusable` if it cannot be created or is no
  ///          directory, `errc::read_only` or `errc::disk_full` if it is there
  ///          and cannot be written, `errc::data_dir_locked` with the owner's
  ///          pid.
  static caf::expected<data_dir> open(const std::filesystem::path& path);

  data_dir(data_dir&& other) noexcept;
  data_dir& operator=(data_dir&& other) noexcept;
  ~data_dir();

  const std::filesystem::path& path() const noexcept { return path_; }

  std::filesystem::path journal() const { return path_ / "journal.db"; }
  std::filesystem::path shards() const { return path_ / "shards.db"; }
  std::filesystem::path last_shutdown() const {
    return path_ / "last_shutdown.json";
  }

private:
  data_dir(std::filesystem::path path, int lock);

  std::filesystem::path path_;
  int lock_ = -1;
};

/// `$XDG_DATA_HOME/hololoom`, or `$HOME/.local/share/hololoom` without it.
std::filesystem::path default_data_dir();

} // namespace hololoom
