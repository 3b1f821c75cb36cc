#pragma once

#include <hololoom/actors/reflection/learning/learning.hpp>
#include <hololoom/messages/reflection.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace hololoom {

/// An episode that a consolidation looks at.
struct candidate {
  sample what;
  /// See `text_digest`.
  std::uint64_t text = 0;
};

/// What the episode says to a reader: query, response, sources, metadata and
/// feedback, but no ids, times or measurements.
std::string said_by(const episode& x);

/// A digest of that, which finds those that may be equal.
std::uint64_t text_digest(const episode& x);

/// How many episodes `x` stands for: more than one after a consolidation.
std::int64_t merged_count(const episode& x);

/// Whether a consolidation may note in the metadata what it merged: a key
/// `merged` that it has not made stays.
bool may_be_merged(const episode& x);

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
/// - From 10 episodes on: merges the episodes of a tool, pattern and digest, if
///   there are at least 3 and their rewards deviate by less than 0.1. Apply
///   `keep_equal` to the result.
/// - From 20 on: reports whether successful queries are shorter or longer than
///   the others.
/// - From 80 % of `capacity` on: prunes episodes with a reward below
///   `prune_below`, except among the newest 100.
///
/// The report always has the diversity of tools among the last 50.
consolidation_plan plan_consolidation(const std::vector<candidate>& episodes,
                                      std::int64_t capacity,
                                      double prune_below);

/// Finds an episode by its sequence number; null if it is not in memory.
using episode_finder = std::function<const episode*(std::int64_t sequence)>;

/// Takes out of a plan the mergers of episodes that do not say the same, though
/// their digests are equal.
void keep_equal(consolidation_plan& plan, const episode_finder& find);

} // namespace hololoom
