#pragma once

#include <hololoom/actors/reflection/journal/rows.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace hololoom {

/// The intact rows of a damaged journal, each in its newest committed version.
/// A version that may not have been committed counts only if there is no other.
struct salvaged {
  /// By sequence number, or number.
  std::map<std::int64_t, episode_row> episodes;
  std::map<std::int64_t, adjustment_row> adjustments;
  std::map<std::int64_t, spacetime_row> spacetimes;
  /// What was learned from the episodes that retention had dropped.
  std::optional<learned_state> baseline;

  /// The ids in the journal's index, by sequence number, as far as its pages
  /// are readable. They have no checksum, and only serve to name lost episodes.
  std::map<std::int64_t, std::string> ids;

  /// The last episode that is known to have been acknowledged.
  std::int64_t known = 0;

  /// The last episode that may have been.
  std::int64_t last() const;
};

/// Reads the journal `file` and its log as far as they are readable, and writes
/// to neither.
/// @param scratch as for `read_pages`.
/// @returns a storage error if there is no room for that file.
caf::expected<salvaged> salvage(const std::filesystem::path& file,
                                const std::filesystem::path& scratch);

} // namespace hololoom
