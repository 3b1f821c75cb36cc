#pragma once

#include <hololoom/messages/episode.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace hololoom {

/// What an episode teaches: the input of metrics, posteriors and analyses.
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
  /// The share of earlier evidence that remained when it was counted.
  double discount = 1;

  bool operator==(const outcome&) const = default;
};

/// The outcome of `x`.
outcome outcome_of(const episode& x, double discount = 1);

/// A duration as it is counted: at most some 30,000 years, so that sums and
/// means of any number of episodes stay finite.
double countable(double duration_ms);

/// The number of Unicode code points in UTF-8 text; a stray byte counts as one.
std::int64_t code_points(std::string_view text);

} // namespace hololoom
