#pragma once

#include <hololoom/messages/episode.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace hololoom {

/// What one learns from an episode: all that metrics, posteriors and analyses
/// are made of.
struct outcome {
  std::string tool;
  /// The card's display name, or "unknown".
  std::string pattern;
  double reward = 0;
  bool success = false;
  double confidence = 0;
  double duration_ms = 0;
  /// Code points.
  std::int64_t query_length = 0;
  timestamp at;
  /// What remained of earlier evidence when it was counted.
  double discount = 1;

  bool operator==(const outcome&) const = default;
};

/// What `x` teaches.
outcome outcome_of(const episode& x, double discount = 1);

/// Unicode code points in UTF-8 text; a byte that belongs to none counts as
/// one.
std::int64_t code_points(std::string_view text);

} // namespace hololoom
