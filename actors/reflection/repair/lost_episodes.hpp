#pragma once

#include <hololoom/actors/reflection/repair/salvage.hpp>
#include <hololoom/messages/describe.hpp>
#include <hololoom/messages/time.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace hololoom {

/// Episodes from `first` to `last`, by their numbers in the journal.
struct episode_range {
  std::int64_t first = 0;
  std::int64_t last = 0;

  static constexpr auto fields() {
    return members(member("first", &episode_range::first),
                   member("last", &episode_range::last));
  }
  bool operator==(const episode_range&) const = default;
};

/// The episodes that a repair could not read, as far as that can be known, and
/// those of which it could not read the text.
struct lost_episodes {
  std::int64_t count = 0;
  /// At most ten thousand.
  std::vector<episode_range> ranges;
  /// The ids that the journal's index still has, at most a thousand.
  std::vector<std::string> ids;
  /// All of this as sentences, and what cannot be known.
  std::vector<std::string> sentences;
};

/// Compares the salvaged episodes with those that were acknowledged.
/// @param mark the last acknowledged episode; 0 if that is unknown.
lost_episodes find_lost(const salvaged& found, std::int64_t mark);

} // namespace hololoom
