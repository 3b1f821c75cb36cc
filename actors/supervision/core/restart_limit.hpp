#pragma once

#include <hololoom/actors/supervision/child_spec.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>

namespace hololoom::supervision {

using time_point = caf::actor_clock::time_point;

/// Counts restarts within a period, as OTP does: a restart exactly one period
/// ago still counts.
class restart_limit {
public:
  restart_limit(std::int64_t intensity, caf::timespan period)
    : intensity_(intensity), period_(period) {}

  /// Notes a restart at `now`.
  /// @returns whether it is within the limit.
  bool add(time_point now) {
    while (!times_.empty() && now - times_.front() > period_)
      times_.pop_front();
    times_.push_back(now);
    return static_cast<std::int64_t>(times_.size()) <= intensity_;
  }

private:
  std::int64_t intensity_;
  caf::timespan period_;
  std::deque<time_point> times_;
};

/// A small repeatable random generator (splitmix64, Steele et al. 2014).
class seeded_random {
public:
  explicit seeded_random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    auto z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

  /// In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

private:
  std::uint64_t state_;
};

/// How long the restart after `failures` earlier ones in a row waits.
inline caf::timespan backoff_delay(const backoff_policy& policy,
                                   std::uint32_t failures,
                                   seeded_random& random) {
  if (!policy.on())
    return caf::timespan{0};
  constexpr auto longest = 0x1p62; // 146 years, and no overflow.
  auto low = std::min(static_cast<double>(policy.min.count()), longest);
  auto high = std::clamp(static_cast<double>(policy.max.count()), low, longest);
  auto delay = std::min(high, low * std::pow(policy.factor, failures));
  if (policy.jitter > 0)
    delay *= 1 + policy.jitter * (2 * random.uniform() - 1);
  return caf::timespan{static_cast<std::int64_t>(std::clamp(delay, low, high))};
}

} // namespace hololoom::supervision
