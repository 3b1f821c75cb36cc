#pragma once

#include <hololoom/actors/reflection/learning/learning.hpp>
#include <hololoom/messages/reflection.hpp>

#include <cstdint>
#include <vector>

namespace hololoom {

/// Episodes that merge into one: the newest, which stays, and the others.
struct merger {
  std::int64_t stays = 0;
  std::vector<std::int64_t> go;
  /// How many episodes the remaining one stands for.
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

/// Plans what to merge and prune among `episodes`, those that the buffer has in
/// memory, in order.
///
/// - From 10 episodes on: merges the episodes of a tool and pattern, if there
///   are at least 3 and their rewards deviate by less than 0.1.
/// - From 20 on: reports whether successful queries are shorter or longer than
///   the others.
/// - From 80 % of `capacity` on: prunes episodes with a reward below 0.2,
/// except
///   among the newest 100.
///
/// The report always has the diversity of tools among the last 50.
consolidation_plan plan_consolidation(const std::vector<sample>& episodes,
                                      std::int64_t capacity);

} // namespace hololoom
