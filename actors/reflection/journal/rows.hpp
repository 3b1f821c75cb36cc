#pragma once

#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/actors/reflection/learning/learned_state.hpp>

#include <cstdint>
#include <deque>
#include <utility>

/// How the journal's rows are read, for the journal itself and its repair.

namespace hololoom {

/// The columns of an episode's row, in the order in which `read_row` and
/// `bind_row` have them.
#define HOLOLOOM_EPISODE_COLUMNS                                               \
  "sequence,id,at,tool,pattern,reward,success,formula,confidence,"             \
  "duration_ms,query_length,discount,body,checksum"

/// The row under a statement that selects the columns above.
/// @returns whether its checksum is right.
bool read_row(const sqlite::statement& row, stored_episode& x);

/// Binds the columns above, from parameter 1; `x` must outlive the step.
void bind_row(sqlite::statement& row, std::int64_t sequence,
              const episode_record& x);

/// An adjustment and its place between the episodes.
struct placed_adjustment {
  std::int64_t number = 0;
  std::int64_t after = 0;
  adjustment what;
};

/// Reads the adjustments from number `first` on.
/// @returns `errc::corrupt` for one whose checksum is wrong.
caf::expected<std::deque<placed_adjustment>>
read_adjustments(sqlite::database& db, std::int64_t first);

/// Makes what was learned anew from episodes in their order, with the
/// adjustments in between.
class replay {
public:
  replay(learned_state from, std::deque<placed_adjustment> adjustments)
    : state_(std::move(from)), waiting_(std::move(adjustments)) {}

  /// Counts the next episode, after the adjustments that came before it.
  void episode(const outcome& x) {
    apply_up_to(state_.sequence);
    count(state_, x);
  }

  /// The state once every adjustment is applied.
  const learned_state& finish() {
    apply_up_to(state_.sequence);
    return state_;
  }

  /// The state as it is; later adjustments are not applied.
  const learned_state& state() const { return state_; }

private:
  void apply_up_to(std::int64_t sequence) {
    while (!waiting_.empty() && waiting_.front().after <= sequence) {
      apply(state_, waiting_.front().what);
      waiting_.pop_front();
    }
  }

  learned_state state_;
  std::deque<placed_adjustment> waiting_;
};

} // namespace hololoom
