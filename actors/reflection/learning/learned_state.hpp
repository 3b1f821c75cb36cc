#pragma once

#include <hololoom/actors/reflection/learning/outcome.hpp>
#include <hololoom/messages/episode.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace hololoom {

/// The changes that one analysis makes to the policy. The journal keeps it
/// between the episodes, so that the learned state can be recomputed.
struct adjustment {
  /// The last episode that the analysis covered.
  std::int64_t analysed = 0;
  /// The amount to add to each tool's beta.
  std::map<std::string, double> doubts;
  maybe<double> epsilon;
  maybe<std::string> preferred_card;
  timestamp at;

  static constexpr auto fields() {
    using t = adjustment;
    return members(member("analysed", &t::analysed),
                   member("doubts", &t::doubts), member("epsilon", &t::epsilon),
                   member("preferred_card", &t::preferred_card),
                   member("at", &t::at));
  }
  bool operator==(const adjustment&) const = default;
};

/// All that was learned: a function of the journal's episodes and adjustments,
/// in order.
struct learned_state {
  /// The sequence number of the last episode counted.
  std::int64_t sequence = 0;
  /// The number of adjustments applied.
  std::int64_t adjustments = 0;
  /// The last episode that an applied analysis covered.
  std::int64_t analysed = 0;
  reflection_metrics metrics;
  policy_snapshot policy;

  static constexpr auto fields() {
    using t = learned_state;
    return members(
      member("sequence", &t::sequence), member("adjustments", &t::adjustments),
      member("analysed", &t::analysed), member("metrics", &t::metrics),
      member("policy", &t::policy));
  }
  bool operator==(const learned_state&) const = default;
};

/// Counts the next episode.
void count(learned_state& state, const outcome& x);

/// Applies the next adjustment.
void apply(learned_state& state, const adjustment& x);

} // namespace hololoom
