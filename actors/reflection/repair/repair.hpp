#pragma once

#include <hololoom/actors/reflection/repair/losses.hpp>
#include <hololoom/messages/episode.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

namespace hololoom {

/// What a repair found.
struct repair_report {
  /// Whether the journal was damaged at all; if not, nothing was changed but
  /// for what was learned, when that differed from its episodes.
  bool damaged = false;
  std::int64_t episodes = 0;
  std::int64_t spacetimes = 0;
  /// Episodes that are known to have been there and could not be read.
  std::int64_t lost = 0;
  /// Their numbers, and those of their ids that are still known.
  std::vector<episode_range> lost_ranges;
  std::vector<std::string> lost_ids;
  /// Whether what was learned was made anew from the episodes.
  bool relearned = false;
  /// Where the damaged journal was set aside, or its log where that was all
  /// there was; empty when there was nothing.
  std::string set_aside;
  /// What was wrong and what could not be read, in sentences.
  std::vector<std::string> problems;

  static constexpr auto fields() {
    using t = repair_report;
    return std::tuple{member("damaged", &t::damaged),
                      member("episodes", &t::episodes),
                      member("spacetimes", &t::spacetimes),
                      member("lost", &t::lost),
                      member("lost_ranges", &t::lost_ranges),
                      member("lost_ids", &t::lost_ids),
                      member("relearned", &t::relearned),
                      member("set_aside", &t::set_aside),
                      member("problems", &t::problems)};
  }
  bool operator==(const repair_report&) const = default;
};

/// Checks `directory/journal.db` and, if it is damaged, recovers into a new
/// journal whatever record still has its checksum, and sets the old one aside;
/// it is never written to. What was learned is made anew from the episodes.
/// @returns `errc::data_dir_locked` while a process uses it, `not_found`
///          without a journal or a trace of one, or a storage error; then
///          everything is as it was.
caf::expected<repair_report>
repair_journal(const std::filesystem::path& directory);

} // namespace hololoom
