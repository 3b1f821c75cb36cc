#pragma once

#include <hololoom/actors/reflection/learning/outcome.hpp>
#include <hololoom/messages/episode.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hololoom {

/// An episode as the journal keeps it: what was learned from it in columns, and
/// the whole as JSON.
struct episode_record {
  std::string id;
  outcome learned;
  reward_formula formula = reward_formula::extracted;
  /// The episode as JSON; empty once a consolidation has taken it away.
  std::string body;
  /// What the body adds to the checksum, if that is known: the journal's thread
  /// need not go through a long text.
  std::optional<std::uint32_t> body_sum;
};

/// `x` as a record.
episode_record record_of(const episode& x, double discount);

/// Tells a record from one with any bit of it changed (CRC-32).
std::int64_t checksum(std::int64_t sequence, std::string_view id,
                      const outcome& learned, reward_formula formula,
                      std::string_view body);

/// The same for `x` as it is.
std::int64_t checksum(std::int64_t sequence, const episode_record& x);

/// The same for other rows: a key, a name and a text.
std::int64_t checksum(std::int64_t key, std::string_view name,
                      std::string_view body);

} // namespace hololoom
