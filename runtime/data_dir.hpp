#pragma once

#include <hololoom/actors/storage/file_lock.hpp>
#include <hololoom/messages/errc.hpp>

#include <filesystem>
#include <utility>

namespace hololoom {

/// What `restore_backup` calls its folder in a data directory.
inline constexpr auto restoring_name = "restore.part";

/// A data directory, locked to this object for as long as it lives, by the file
/// `lock` in it. Says where the stores keep their files.
class data_dir {
public:
  /// Creates `path` and its parents if need be, and locks it. An earlier run's
  /// `last_shutdown` becomes `previous_shutdown`.
  /// @returns `errc::data_dir_unusable` if it cannot be created or is not a
  ///          directory, `errc::read_only` or `errc::disk_full` if it exists
  ///          and cannot be written, `errc::data_dir_locked` with the owner's
  ///          pid.
  static caf::expected<data_dir> open(const std::filesystem::path& path);

  const std::filesystem::path& path() const noexcept { return path_; }

  std::filesystem::path journal() const { return path_ / "journal.db"; }
  std::filesystem::path shards() const { return path_ / "shards.db"; }
  /// Where the stores are while they are restored; no loom is opened meanwhile.
  std::filesystem::path restoring() const { return path_ / restoring_name; }
  /// Where copies of the stores are while a backup is made; removed by `open`.
  std::filesystem::path copies() const { return path_ / "backup.part"; }
  /// The report of the run that has the directory, once it has closed.
  std::filesystem::path last_shutdown() const {
    return path_ / "last_shutdown.json";
  }
  /// The report of the last run before it that wrote one.
  std::filesystem::path previous_shutdown() const {
    return path_ / "previous_shutdown.json";
  }

private:
  data_dir(std::filesystem::path path, file_lock lock)
    : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  file_lock lock_;
};

/// `$XDG_DATA_HOME/hololoom`, or `~/.local/share/hololoom` without it; the home
/// is `$HOME`, or that of the user's passwd entry. Relative paths do not count.
/// @returns `errc::data_dir_unusable` if there is none of these.
caf::expected<std::filesystem::path> default_data_dir();

} // namespace hololoom
