#pragma once

#include <hololoom/actors/reflection/learning/learned_state.hpp>

#include <cstdint>
#include <deque>
#include <utility>

namespace hololoom {

/// An adjustment and its place among the episodes: a row of `adjustments`.
struct adjustment_row {
  std::int64_t number = 0;
  /// The sequence number of the episode that it follows.
  std::int64_t after = 0;
  adjustment change;
};

/// Recomputes what was learned from the episodes in order, with the adjustments
/// applied in between.
class replay {
public:
  replay(learned_state from, std::deque<adjustment_row> adjustments)
    : state_(std::move(from)), pending_(std::move(adjustments)) {}

  /// Counts the next episode, after the adjustments that precede it.
  void episode(const outcome& x) {
    apply_pending();
    count(state_, x);
  }

  /// Applies the adjustments that follow the last episode.
  const learned_state& finish() {
    apply_pending();
    return state_;
  }

  /// The state so far, without the adjustments that follow the last episode.
  const learned_state& state() const { return state_; }

private:
  void apply_pending() {
    while (!pending_.empty() && pending_.front().after <= state_.sequence) {
      apply(state_, pending_.front().change);
      pending_.pop_front();
    }
  }

  learned_state state_;
  std::deque<adjustment_row> pending_;
};

} // namespace hololoom
