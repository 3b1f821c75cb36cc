#pragma once

#include <hololoom/actors/reflection/journal/rows.hpp>
#include <hololoom/actors/reflection/repair/found_rows.hpp>
#include <hololoom/actors/reflection/repair/number_set.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace hololoom {

/// The rows of a damaged journal, each in its newest intact and committed
/// version. A version that is partly damaged, or may not have been committed,
/// counts only if there is no other.
struct salvaged {
  /// The episodes and spacetimes.
  found_rows rows;
  /// The sequence numbers of the episodes.
  number_set episodes;
  /// Of those whose text is damaged. What was learned from them is not.
  number_set without_text;
  std::map<std::int64_t, adjustment_row> adjustments;
  /// What was learned from the episodes that retention had dropped.
  std::optional<learned_state> baseline;

  /// The ids in the journal's index of episodes that are not here, by sequence
  /// number, as far as its pages are readable: the first `most_ids` of them.
  /// They have no checksum, and only serve to name lost episodes.
  std::map<std::int64_t, std::string> ids;
  static constexpr std::size_t most_ids = 10'000;

  /// The last episode that is known to have been acknowledged.
  std::int64_t known = 0;

  /// The last episode that may have been.
  std::int64_t last() const;
};

/// Reads the journal `file` and its log as far as they are readable, and writes
/// to neither. Builds two scratch files beside it, each about as large as it;
/// one of them lasts as long as the result. Needs little memory, however many
/// rows there are.
/// @returns a storage error if there is no room for these files.
caf::expected<salvaged> salvage(const std::filesystem::path& file);

} // namespace hololoom
