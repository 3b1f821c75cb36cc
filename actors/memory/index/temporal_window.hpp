#pragma once

#include <hololoom/messages/time.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace hololoom {

/// The span of time that a weave searches.
struct temporal_window {
  timestamp start = {};
  timestamp end = {};
  /// Measured back from `end`.
  std::chrono::microseconds max_age = std::chrono::hours{24 * 365};
  /// How much of its weight the oldest moment of the window loses, in 0..1.
  double recency_bias = 0.5;
  /// Only shards of this episode.
  std::optional<std::string> episode = {};

  /// Whether `t` lies within start and end, both included.
  bool contains(timestamp t) const;

  /// Whether `t` is no older than `max_age` at `end`.
  bool young_enough(timestamp t) const;

  /// 0 outside the window, 1 if the window has no length, else
  /// `1 - bias * (end - t) / (end - start)`, kept within 0..1.
  double recency_weight(timestamp t) const;

  bool operator==(const temporal_window&) const = default;
};

} // namespace hololoom
