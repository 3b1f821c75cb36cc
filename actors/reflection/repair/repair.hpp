#pragma once

#include <hololoom/actors/reflection/repair/lost_episodes.hpp>
#include <hololoom/messages/episode.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// The repair's room: verifies a journal offline, and recovers a damaged one.
/// `verify_journal` tells whether it is damaged, `salvage` reads the intact
/// rows from its pages, `lost_episodes` tells what is missing, and
/// `repair_journal` builds a new journal from the rows and swaps it in. It may
/// know the journal, learning and storage. The command line uses it.

namespace hololoom {

/// The result of a repair.
struct repair_report {
  /// Whether the journal was damaged. If not, the repair changed nothing,
  /// except the learned state if that did not match the episodes.
  bool damaged = false;
  std::int64_t episodes = 0;
  std::int64_t spacetimes = 0;
  /// Acknowledged episodes that could not be read, as far as they are known.
  std::int64_t lost = 0;
  /// Their sequence numbers, and those of their ids that are still known.
  std::vector<episode_range> lost_ranges;
  std::vector<std::string> lost_ids;
  /// Episodes whose text could not be read, but what was learned from them.
  std::int64_t without_text = 0;
  /// Whether the learned state was recomputed from the episodes.
  bool relearned = false;
  /// Where the damaged journal was set aside, or its log if only that was left;
  /// empty if neither was.
  std::string set_aside;
  /// The damage and the losses, in sentences.
  std::vector<std::string> problems;

  static constexpr auto fields() {
    using t = repair_report;
    return members(
      member("damaged", &t::damaged), member("episodes", &t::episodes),
      member("spacetimes", &t::spacetimes), member("lost", &t::lost),
      member("lost_ranges", &t::lost_ranges), member("lost_ids", &t::lost_ids),
      member("without_text", &t::without_text),
      member("relearned", &t::relearned), member("set_aside", &t::set_aside),
      member("problems", &t::problems));
  }
  bool operator==(const repair_report&) const = default;
};

/// Checks `directory/journal.db` and, if it is damaged, recovers its intact
/// rows into a new journal, recomputes what was learned from them, and sets the
/// damaged journal aside without writing to it.
/// @returns `errc::data_dir_locked` while a process uses it, `not_found`
///          without a journal or a trace of one, or a storage error; then
///          nothing was changed.
caf::expected<repair_report>
repair_journal(const std::filesystem::path& directory);

} // namespace hololoom
