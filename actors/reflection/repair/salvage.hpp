#pragma once

#include <hololoom/actors/reflection/journal/rows.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace hololoom {

/// What a journal still has: every record whose checksum is right, in its
/// newest version that was committed. A version that may not have been is taken
/// where there is no other.
struct salvaged {
  std::map<std::int64_t, episode_record> episodes;
  std::map<std::int64_t, placed_adjustment> adjustments;
  /// By number: id and body.
  std::map<std::int64_t, std::pair<std::string, std::string>> spacetimes;
  /// What was learned from episodes that had left.
  std::optional<learned_state> baseline;
  /// What was learned from all.
  std::optional<learned_state> current;

  /// The ids in the journal's index, by the episode's number: they are no proof
  /// of anything, and say what is missing. Those of lost pages are lost, too.
  std::map<std::int64_t, std::string> ids;

  /// The last episode that is known to have been there.
  std::int64_t known = 0;

  /// The last episode that may have been there.
  std::int64_t last() const;
};

/// Reads what can be read of the journal `file` and its log; writes nothing.
salvaged salvage(const std::filesystem::path& file);

} // namespace hololoom
