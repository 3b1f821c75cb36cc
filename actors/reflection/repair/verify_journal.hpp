#pragma once

#include <hololoom/actors/storage/disk.hpp>
#include <hololoom/messages/describe.hpp>
#include <hololoom/messages/errc.hpp>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

namespace hololoom {

/// The result of a verification.
struct verify_report {
  bool sound = true;
  /// The first damage, and its place; empty if there is none.
  std::string damage;
  std::int64_t episodes = 0;
  /// The number of the last one; episodes have left if it is larger.
  std::int64_t last_episode = 0;
  std::int64_t spacetimes = 0;
  /// Whether what was learned differed from the episodes; it was made anew from
  /// them.
  bool relearned = false;

  static constexpr auto fields() {
    using t = verify_report;
    return members(member("sound", &t::sound), member("damage", &t::damage),
                   member("episodes", &t::episodes),
                   member("last_episode", &t::last_episode),
                   member("spacetimes", &t::spacetimes),
                   member("relearned", &t::relearned));
  }
  bool operator==(const verify_report&) const = default;
};

/// How far a verification is. Safe to read from any thread.
struct verify_watch {
  std::shared_ptr<disk_activity> activity = std::make_shared<disk_activity>();
  /// About how many reads it takes; 0: not known yet.
  std::atomic<std::int64_t> reads_expected = 0;
};

/// Verifies the journal `directory/journal.db` and its log in full, and changes
/// nothing but a learned state that does not match the episodes.
/// @param watch may be null.
/// @returns the report of a sound journal; `errc::corrupt`, naming the damage,
///          `data_dir_locked` while a process uses it, `cancelled` once a stop
///          was requested, or why it cannot be read.
caf::expected<verify_report>
verify_journal(const std::filesystem::path& directory,
               verify_watch* watch = nullptr, const std::stop_token& stop = {});

/// Whether there is a journal in `directory`, or a trace of one.
/// @returns `errc::not_found` if there is not.
caf::error find_journal(const std::filesystem::path& directory);

} // namespace hololoom
