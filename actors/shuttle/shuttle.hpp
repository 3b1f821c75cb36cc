#pragma once

#include <hololoom/actors/shuttle/drain_counts.hpp>
#include <hololoom/actors/shuttle/options.hpp>
#include <hololoom/actors/shuttle/protocol.hpp>
#include <hololoom/messages/caf/memory_ids.hpp>
#include <hololoom/messages/caf/reflection_ids.hpp>
#include <hololoom/messages/caf/shuttle_ids.hpp>
#include <hololoom/messages/reflection.hpp>

#include <caf/actor_system.hpp>

#include <functional>
#include <memory>
#include <string>

/// shuttle: from a query to its answer. The shuttle, the room's actor, admits
/// queries, hands them to weavers, and answers each exactly once. It owns the
/// job board and the pool of weavers. Below it, weave/ holds the nine steps of
/// a weave and tools/ what a weave can do. The room may include memory/text,
/// memory/index, memory/yarn_graph.hpp and messages. The composition root
/// spawns shuttle and weavers; supervisors restart them.

namespace hololoom {

/// A weaver that did not return from a step in time.
struct lost_weaver {
  weaver_actor weaver;
  /// The step it is in; for a stuck tool `tool_execution`.
  weave_stage stage = weave_stage::pattern_selection;
  /// The time since its weave was admitted.
  millis age{0};
};

/// What the shuttle depends on.
struct shuttle_deps {
  /// Records finished weaves and provides the learned policy. Null: neither.
  reflection_actor reflection;
  /// Called on the shuttle's thread when a weaver is lost. The shuttle gives
  /// the weaver no more work; the callee should start a replacement. Without
  /// this function, a lost weaver gets work again if it ever returns.
  std::function<void(const lost_weaver&)> on_weaver_lost;
  /// Counts the ends of weaves during a drain, and outlives the shuttle.
  std::shared_ptr<drain_counts> counts = std::make_shared<drain_counts>();
  /// Makes the ids of spacetimes; null: random UUIDs (version 4).
  std::function<std::string()> next_id;
};

/// Spawns the shuttle. Weavers register with it. It never blocks. With
/// `own_thread`, it has a thread of its own, so that actors that block the
/// scheduler's threads do not delay it; tests on a virtual clock run it
/// without.
///
/// Each weave gets exactly one answer: its weaver's; `crashed` if the weaver
/// died; an error spacetime (`deadline_exceeded`) if the weaver has not
/// returned `stuck_margin` after the deadline; `overloaded`, `shutting_down` or
/// `invalid_query` if the shuttle refused it; `cancelled` if it was cut.
///
/// On an exit signal other than kill it drains: it refuses new weaves, finishes
/// the admitted ones, and exits. On kill, and on `cut_weaves`, the remaining
/// weaves fail at once.
///
/// @pre `check(options)` returns no error
local_shuttle_actor spawn_shuttle(caf::actor_system& system,
                                  shuttle_options options, shuttle_deps deps,
                                  bool own_thread = true);

} // namespace hololoom
