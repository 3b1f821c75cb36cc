#pragma once

#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/actors/supervision/cascade/forced_end.hpp>
#include <hololoom/messages/caf/local_message.hpp>

#include <caf/event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>

namespace hololoom {

/// The time of wait `epoch` is up.
struct phase_limit {
  std::uint64_t epoch = 0;
};

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1500, hololoom::phase_limit)

namespace hololoom {

/// What the phases of one cascade share: whom they work for, the report, the
/// clock, and what is known of the tree.
class cascade_run {
public:
  using time_point = caf::actor_clock::time_point;

  cascade_run(caf::event_based_actor* me, cascade_plan what, bool own_thread);

  // -- the phase --------------------------------------------------------------

  void enter(cascade_phase next);
  /// The phase's own work is over, well or with a problem.
  void done(maybe<std::string> with_problem = nothing);
  bool is_over() const { return over_; }
  const maybe<std::string>& problem() const { return problem_; }

  // -- time -------------------------------------------------------------------

  /// Waits for `limit`: then a `phase_limit` of this epoch comes.
  void arm(millis limit);
  /// Waits on.
  void wait();
  /// Late answers and timers of the wait that ends here do not count.
  void next_epoch() { ++epoch_; }
  std::uint64_t epoch() const { return epoch_; }
  /// Whether what was begun in `epoch` still counts.
  bool awaits(std::uint64_t epoch) const { return epoch == epoch_ && !over_; }
  time_point clock() const { return self->clock().now(); }
  millis since(time_point t) const { return clock() - t; }
  static std::chrono::nanoseconds ticks(millis x) {
    return std::chrono::ceil<std::chrono::nanoseconds>(x);
  }

  // -- children ---------------------------------------------------------------

  /// Kills `children`, and calls `then` when all of them are down or abandoned.
  void force(living_walk children, time_point asked_at,
             const std::function<void()>& then);
  /// Asks `x` to end, without its supervisor.
  void ask_to_end(const living_child& x);
  /// Notes how `x` ends: its supervisor may not.
  void watch(const living_child& x);
  /// @returns whether an actor that was watched is down
  bool is_down(const caf::down_msg& msg);
  bool is_store(const std::string& path) const;

  caf::event_based_actor* self;
  cascade_plan plan;
  shutdown_report report;
  forced_end forced;
  end_list seen; ///< How those ended that were watched.

  /// The root's drain is over, or the root is gone.
  std::function<void(maybe<std::string> problem)> on_tree_down;
  /// A phase's work is over.
  std::function<void()> on_done;

  cascade_phase phase = cascade_phase::refuse;
  time_point began;
  time_point entered;  ///< The phase.
  time_point signaled; ///< When the producers were told to end.
  time_point due;      ///< When the wait of this epoch is over.
  /// When the wait is interrupted.
  time_point reminder = time_point::max();

  bool tree_is_down = false; ///< The producers and their supervisors are.
  bool excused = false;      ///< But for children that wait for the cascade.
  bool root_is_stuck = false;
  bool root_hears = true;

private:
  std::uint64_t epoch_ = 0;
  bool over_ = false;
  maybe<std::string> problem_;
  /// Children that were asked without their supervisors, and since when.
  std::unordered_map<const caf::actor_control_block*,
                     std::pair<living_child, time_point>>
    watched_;
};

} // namespace hololoom
