#pragma once

#include <hololoom/actors/shuttle/drain_counts.hpp>
#include <hololoom/actors/shuttle/options.hpp>
#include <hololoom/actors/shuttle/protocol.hpp>
#include <hololoom/messages/reflection.hpp>

#include <caf/actor_system.hpp>

#include <functional>
#include <memory>
#include <string>

/// The shuttle: takes queries, hands them to weavers, answers every one.

namespace hololoom {

/// A weaver that did not come back from a step in time.
struct lost_weaver {
  weaver_actor weaver;
  /// The step it is in; for a stuck tool `tool_execution`.
  weave_stage stage = weave_stage::pattern_selection;
  /// How long its weave has been going on.
  millis age{0};
};

/// What the shuttle works with.
struct shuttle_deps {
  /// Records finished weaves and says what was learned. Null: neither.
  reflection_actor reflection;
  /// Called, on the shuttle's thread, when a weaver is lost: it gets no more
  /// work, and a replacement should be started beside it. Without it, the
  /// weaver is taken back if it ever returns.
  std::function<void(const lost_weaver&)> on_weaver_lost;
  /// Where the fate of weaves is counted while the shuttle drains: it may have
  /// ended when somebody wants to know.
  std::shared_ptr<drain_counts> counts = std::make_shared<drain_counts>();
  /// Makes the ids of spacetimes; null: random UUIDs (version 4).
  std::function<std::string()> next_id;
};

/// Spawns the shuttle. Weavers make themselves known to it. It never blocks.
/// `own_thread` gives it a thread, so that no actor that is stuck on the
/// scheduler's holds it up; tests on a virtual clock want it without.
///
/// A weave is answered exactly once: by its weaver, or with `crashed` when that
/// is gone, with an error spacetime (`deadline_exceeded`) when it does not come
/// back `stuck_margin` after the deadline, with `overloaded`, `shutting_down`
/// or `invalid_query` when it is not taken, and with `cancelled` when it is
/// cut.
///
/// On an exit signal (anything but kill) it drains: it refuses what is new,
/// finishes what it has admitted, and ends when nothing is left. On kill, or on
/// `cut_weaves`, what is left gets its error at once.
///
/// @pre `check(options)` is no error
local_shuttle_actor spawn_shuttle(caf::actor_system& system,
                                  shuttle_options options, shuttle_deps deps,
                                  bool own_thread = true);

} // namespace hololoom
