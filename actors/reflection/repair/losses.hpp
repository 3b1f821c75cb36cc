#pragma once

#include <hololoom/actors/reflection/repair/salvage.hpp>
#include <hololoom/messages/describe.hpp>
#include <hololoom/messages/time.hpp>

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace hololoom {

/// Episodes from `first` to `last`, by their numbers in the journal.
struct episode_range {
  std::int64_t first = 0;
  std::int64_t last = 0;

  static constexpr auto fields() {
    return std::tuple{member("first", &episode_range::first),
                      member("last", &episode_range::last)};
  }
  bool operator==(const episode_range&) const = default;
};

/// What a repair could not read, as far as that can be known.
struct losses {
  std::int64_t count = 0;
  std::vector<episode_range> ranges;
  /// The ids that the journal's index still has, no more than a thousand.
  std::vector<std::string> ids;
  /// The same in sentences, and what is not known.
  std::vector<std::string> sentences;
};

/// Compares what was found with what was there.
/// @param mark the last episode that was acknowledged; 0: that is not known.
losses losses_of(const salvaged& found, std::int64_t mark);

} // namespace hololoom
