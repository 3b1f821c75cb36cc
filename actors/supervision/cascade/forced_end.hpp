#pragma once

#include <hololoom/actors/supervision/cascade/reaper.hpp>
#include <hololoom/actors/supervision/directory.hpp>
#include <hololoom/messages/caf/local_message.hpp>

#include <caf/event_based_actor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hololoom {

/// Time to look at killed children again.
struct forced_end_tick {};

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1522, hololoom::forced_end_tick)

namespace hololoom {

/// Brings children down for the actor `self`, which passes on the message
/// above: kills them, waits while they go on ending, and abandons the others.
class forced_end {
public:
  using time_point = caf::actor_clock::time_point;

  /// @param kill_wait how long it waits while no child ends
  forced_end(caf::event_based_actor* self, std::shared_ptr<directory> names,
             caf::timespan kill_wait, bool own_thread);

  /// Kills `children`, which were asked to end at `asked_at`, and calls `then`
  /// once each is down or abandoned.
  void kill(std::vector<living_child> children, time_point asked_at,
            std::function<void()> then);

  /// Looks at them at once, as something has ended.
  void look();
  void tick();

  /// Waits no longer for `children`: enters them in the ledger, and tells their
  /// supervisors.
  void abandon(const std::vector<living_child>& children);

  /// What became of all that were killed.
  const std::vector<child_outcome>& outcomes() const { return outcomes_; }

  /// Those that wait for the drain themselves, and were not killed.
  const std::vector<living_child>& excused() const { return excused_; }

private:
  void conclude();

  caf::event_based_actor* self_;
  std::shared_ptr<directory> names_;
  caf::timespan kill_wait_;
  reaper reaper_;
  std::function<void()> then_; ///< Null while no kill is under way.
  time_point asked_at_;
  time_point began_;
  time_point moved_;
  caf::timespan crowd_{0}; ///< How much longer very many have.
  std::size_t left_ = 0;
  bool ticking_ = false;
  std::vector<child_outcome> outcomes_;
  std::vector<living_child> excused_;
};

} // namespace hololoom
