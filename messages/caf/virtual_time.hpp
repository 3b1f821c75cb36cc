#pragma once

#include <hololoom/messages/caf/actor_system.hpp>
#include <hololoom/messages/caf/type_ids.hpp>

#include <caf/actor_clock.hpp>
#include <caf/actor_system.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <algorithm>
#include <cstddef>

// Actors on a virtual clock, on one thread: deterministic, hours pass in
// microseconds. Detached actors run outside of it.

namespace hololoom {

/// The config of an actor system on virtual time.
struct virtual_config : caf::actor_system_config {
  virtual_config() {
    register_types(*this);
    set_policy(*this, "testing");
    be_quiet(*this);
  }
};

/// Runs its actors when told to, and offers the clock.
using virtual_scheduler = caf::scheduler::test_coordinator;

/// The scheduler of a system that was made with a `virtual_config`.
inline virtual_scheduler& virtual_scheduler_of(caf::actor_system& system) {
  return dynamic_cast<virtual_scheduler&>(system.scheduler());
}

/// How many timers the clock holds.
inline std::size_t pending_timers(virtual_scheduler& scheduler) {
  return scheduler.clock().schedule().size();
}

/// Advances the clock to its first timer and fires what is due then, unless
/// that is after `end`.
/// @returns whether a timer fired.
inline bool fire_next_timer(virtual_scheduler& scheduler,
                            caf::actor_clock::time_point end) {
  auto& clock = scheduler.clock();
  const auto& timers = clock.schedule();
  if (timers.empty() || timers.begin()->first > end)
    return false;
  clock.advance_time(std::max(timers.begin()->first - clock.now(),
                              caf::actor_clock::duration_type{0}));
  return true;
}

} // namespace hololoom
