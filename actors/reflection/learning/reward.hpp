#pragma once

#include <hololoom/messages/episode.hpp>

namespace hololoom {

/// The weights of the extracted reward; durations in milliseconds.
struct reward_weights {
  double base = 0.6;
  double quality = 0.3;
  double efficiency = 0.1;
  /// For each error of the trace.
  double error_penalty = 0.5;
  /// For each warning of the trace.
  double warning_penalty = 0.1;
  double timeout_penalty = 0.3;
  /// A weave within the budget is efficient; one of twice the budget has timed
  /// out.
  millis time_budget{1000};

  static constexpr auto fields() {
    using t = reward_weights;
    return members(member("base", &t::base), member("quality", &t::quality),
                   member("efficiency", &t::efficiency),
                   member("error_penalty", &t::error_penalty),
                   member("warning_penalty", &t::warning_penalty),
                   member("timeout_penalty", &t::timeout_penalty),
                   member("time_budget_ms", &t::time_budget));
  }
  bool operator==(const reward_weights&) const = default;
};

/// A rating of 0..5 as a raw reward in [-1, 1].
double rating_reward(double rating);

/// The blended reward, in 0..1: the confidence, reduced for errors and
/// warnings, then averaged with the feedback and mixed with the quality score.
double blended_reward(const spacetime& woven, const maybe<feedback>& said);

/// The extracted reward, raw in [-1, 1]: the rating alone if there is one
/// (helpful counts as 5, not helpful as 0), otherwise a weighted sum of
/// confidence, quality and efficiency minus penalties.
double extracted_reward(const spacetime& woven, const maybe<feedback>& said,
                        const reward_weights& weights = {});

/// Maps a raw reward in [-1, 1] to 0..1.
double normalised(double raw);

/// @returns `errc::invalid_feedback` naming the field that is out of range or
///          not a number: `rating` must be in 1..5, `reward` in 0..1.
caf::error check_feedback(const maybe<feedback>& said,
                          const maybe<double>& reward);

} // namespace hololoom
