#pragma once

#include <hololoom/actors/reflection/learning/outcome.hpp>
#include <hololoom/messages/episode.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

namespace hololoom {

/// What the signals of one analysis change in the policy. It is kept in the
/// journal between the episodes, so that what was learned can be made anew.
struct adjustment {
  /// The analysis looked at the episodes up to this one.
  std::int64_t analysed = 0;
  /// What is added to a tool's beta.
  std::map<std::string, double> doubts;
  maybe<double> epsilon;
  maybe<std::string> preferred_card;
  timestamp at;

  static constexpr auto fields() {
    using t = adjustment;
    return std::tuple{
      member("analysed", &t::analysed), member("doubts", &t::doubts),
      member("epsilon", &t::epsilon),
      member("preferred_card", &t::preferred_card), member("at", &t::at)};
  }
  bool operator==(const adjustment&) const = default;
};

/// All that was learned: a function of the episodes and adjustments of the
/// journal, in their order.
struct learned_state {
  /// The sequence number of the last episode counted.
  std::int64_t sequence = 0;
  /// How many adjustments were applied.
  std::int64_t adjustments = 0;
  /// Episodes up to this one have been in an analysis that was applied.
  std::int64_t analysed = 0;
  reflection_metrics metrics;
  policy_snapshot policy;

  static constexpr auto fields() {
    using t = learned_state;
    return std::tuple{
      member("sequence", &t::sequence), member("adjustments", &t::adjustments),
      member("analysed", &t::analysed), member("metrics", &t::metrics),
      member("policy", &t::policy)};
  }
  bool operator==(const learned_state&) const = default;
};

/// Counts the next episode.
void count(learned_state& state, const outcome& x);

/// Applies the next adjustment.
void apply(learned_state& state, const adjustment& x);

} // namespace hololoom
