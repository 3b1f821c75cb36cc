#pragma once

#include <hololoom/actors/shuttle/weave/strategy.hpp>
#include <hololoom/messages/describe.hpp>
#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/time.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace hololoom {

/// Settings of the shuttle and its weavers. Durations are in milliseconds.
struct shuttle_options {
  /// Weavers in the pool; 0: one per core.
  std::int64_t weavers = 0;
  /// The most weaves under way at once, however many weavers there are.
  std::int64_t max_under_way = 64;
  /// The most weaves that wait for a weaver; further ones are refused.
  std::int64_t max_waiting = 256;
  /// bare, fast, fused or auto.
  std::string card = "fused";
  bandit_strategy strategy = bandit_strategy::epsilon_greedy;
  /// Probability of exploring, in 0..1; learning may raise it up to 0.3.
  double epsilon = 0.1;
  /// Weight of the cues in `bayesian_blend`, in 0..1.
  double blend = 0.7;
  /// How strongly past rewards shift the choice: the exponent of the ratio of a
  /// tool's posterior mean to that of an unknown tool. 0: not at all.
  double experience = 2.0;
  /// Longer queries are refused; code points.
  std::int64_t max_query_chars = 10'000;
  /// The most shards that thread selection returns.
  std::int64_t max_threads = 64;
  /// Dimensions that the embedder offers, ascending.
  std::vector<std::int64_t> scales{96, 192, 384};
  /// Longer deadlines are shortened to it.
  millis max_deadline{60'000};
  /// Time after the deadline in which a weaver may still answer. Then it counts
  /// as stuck and its caller gets an error.
  millis stuck_margin{250};
  /// Seed of the weavers' random numbers; 0: a new one at each start.
  std::uint64_t seed = 0;
  /// Record finished weaves with the reflection buffer, so that users can
  /// reflect on them later by id.
  bool record = true;

  static constexpr auto fields() {
    using t = shuttle_options;
    return members(
      member("weavers", &t::weavers),
      member("max_under_way", &t::max_under_way),
      member("max_waiting", &t::max_waiting), member("card", &t::card),
      member("strategy", &t::strategy), member("epsilon", &t::epsilon),
      member("blend", &t::blend), member("experience", &t::experience),
      member("max_query_chars", &t::max_query_chars),
      member("max_threads", &t::max_threads), member("scales", &t::scales),
      member("max_deadline_ms", &t::max_deadline),
      member("stuck_margin_ms", &t::stuck_margin), member("seed", &t::seed),
      member("record", &t::record));
  }
  bool operator==(const shuttle_options&) const = default;
};

/// Validates the options.
/// @returns `errc::invalid_config` with the key and its allowed values.
caf::error check(const shuttle_options& options);

} // namespace hololoom
