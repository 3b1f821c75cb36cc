#pragma once

#include <hololoom/actors/reflection/learning/learning.hpp>
#include <hololoom/messages/reflection.hpp>

#include <cstdint>
#include <vector>

namespace hololoom {

/// Episodes that become one: the newest, which stays, and the others.
struct merger {
  std::int64_t stays = 0;
  std::vector<std::int64_t> go;
  /// How many episodes the one stands for then.
  std::int64_t count = 0;
  double mean_reward = 0;
  double reward_deviation = 0;
};

struct consolidation_plan {
  std::vector<merger> mergers;
  /// Sequence numbers, ascending.
  std::vector<std::int64_t> pruned;
  /// Without `took` and `success_rate`.
  consolidation_report report;
};

/// What to merge and prune among `held`, the episodes that the buffer holds, in
/// order.
///
/// - From 10 episodes on: those of one tool and pattern are merged if there are
///   at least 3 whose rewards deviate by less than 0.1.
/// - From 20 on: whether successful queries are shorter or longer than the
///   others, and how diverse the tools of the last 50 are.
/// - From 80 % of `capacity` on: an episode with a reward below 0.2 that is
///   older than the newest 100 is pruned.
consolidation_plan plan_consolidation(const std::vector<sample>& held,
                                      std::int64_t capacity);

} // namespace hololoom
