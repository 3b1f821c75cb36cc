#pragma once

#include <hololoom/messages/describe.hpp>
#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/time.hpp>

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>

namespace hololoom {

/// How a backup or a restoration is watched and ended.
struct backup_options {
  /// Called now and then, on the thread of the caller. May be null.
  start_progress_sink on_progress = {};
  /// Requests that it ends: `errc::cancelled`, and nothing is left of it.
  std::stop_token stop = {};
};

/// A backup that was made: all that a data directory holds of episodes, what
/// was learned from them, recorded spacetimes and shards.
///
/// It is one file, a tar archive compressed by zstd, with the journal, the
/// memory and `manifest.json`. The journal is that of one instant within the
/// backup, and so is the memory.
struct backup_report {
  std::string file = {};
  timestamp at = {};
  /// The number of the last episode in it.
  std::int64_t last_episode = 0;
  std::int64_t shards = 0;
  /// Of the file.
  std::int64_t bytes = 0;
  millis took{0};

  static constexpr auto fields() {
    using t = backup_report;
    return members(member("file", &t::file), member("at", &t::at),
                   member("last_episode", &t::last_episode),
                   member("shards", &t::shards), member("bytes", &t::bytes),
                   member("duration_ms", &t::took));
  }
  bool operator==(const backup_report&) const = default;
};

/// A data directory that was made from a backup.
struct restore_report {
  std::string directory = {};
  /// When the backup was made.
  timestamp backup_at = {};
  std::int64_t last_episode = 0;
  std::int64_t shards = 0;
  millis took{0};

  static constexpr auto fields() {
    using t = restore_report;
    return members(
      member("directory", &t::directory), member("backup_at", &t::backup_at),
      member("last_episode", &t::last_episode), member("shards", &t::shards),
      member("duration_ms", &t::took));
  }
  bool operator==(const restore_report&) const = default;
};

/// Makes a data directory from a backup. `directory` is new or empty: nothing
/// is overwritten, and after an error it is as it was. Everything is unpacked
/// in its folder `restore.part`, and every row of both stores is verified
/// there, before it takes its place. As long as that folder is there no loom
/// opens, so that a restoration which is cut short leaves nothing that looks
/// complete; it can be begun again.
/// @returns `errc::not_found`, `errc::corrupt` if `file` is no backup or
///          damaged, `errc::newer_schema`, `errc::data_dir_unusable` if
///          `directory` is not empty, `errc::data_dir_locked`,
///          `errc::cancelled`, or a storage error.
[[nodiscard]] caf::expected<restore_report>
restore_backup(const std::filesystem::path& file,
               const std::filesystem::path& directory,
               const backup_options& options = {});

} // namespace hololoom
