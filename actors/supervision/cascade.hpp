#pragma once

#include <hololoom/actors/supervision/directory.hpp>
#include <hololoom/actors/supervision/shutdown_hook.hpp>
#include <hololoom/actors/supervision/supervisor.hpp>
#include <hololoom/messages/caf/lifecycle_ids.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/flush.hpp>
#include <hololoom/messages/lifecycle.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// The shutdown cascade: brings a supervision tree to its end, on time, and
/// reports how.

namespace hololoom {

/// The cascade's time limits. It waits for nothing else: what lives is read
/// from the directory, and no supervisor has to answer.
struct cascade_limits {
  /// One budget for all producers to end by themselves.
  millis grace{5'000};
  /// A flush that moves is waited for; one that stands still this long is not.
  millis flush_stall{10'000};
  /// How long each store may take to close.
  millis store_limit{10'000};
  /// How long killed children are waited for while none of them ends; also how
  /// long the root may take to end when all its children have.
  millis kill_wait{250};
  /// How long all of the force may take, however many children go on ending.
  millis force{1'000};
  /// How long the buffer may take to tell its status.
  millis slack{1'000};
};

/// What a cascade has to do, and with whom.
struct cascade_plan {
  supervisor_actor root = {};
  /// The tree's own: `supervisor_options::names`. A plan without it, or without
  /// a root, is refused by `errc::invalid_spec`.
  std::shared_ptr<directory> names = {};
  /// Where the root is in it: its name.
  std::string path = "root";
  /// Children of the root that close last, in start order. All others are
  /// producers: they may make work for these.
  std::vector<std::string> stores = {};
  cascade_limits limits = {};
  /// Closes the gate, when the hooks of the first phase are over: they may
  /// still make work. Must not block. May be null.
  std::function<void(caf::event_based_actor*)> refuse = {};
  /// The buffer that must flush; null when there is none now. May be null
  /// itself, for a tree that has no buffer.
  std::function<flushing_actor()> buffer = {};
  /// Answers what is still under way with an error, and calls the second
  /// argument, once, with the tally. Called when the grace is over. May be
  /// null.
  std::function<void(caf::event_based_actor*, std::function<void(weave_tally)>)>
    cut = {};
  /// Called on entering each phase. Must not block. May be null.
  std::function<void(cascade_phase)> on_phase = {};
  /// The hooks of a phase, asked for when it begins. May be null.
  std::function<std::vector<shutdown_hook>(cascade_phase)> hooks = {};
};

/// Begins the cascade, or joins the one that is under way: all requests get the
/// same `shutdown_report`.
struct begin_cascade {
  std::string reason = {};
  std::string requested_by = {};
};

/// Skips the rest of the grace period. The flush is still waited for.
struct hurry_cascade {};

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1501, hololoom::begin_cascade)
HOLOLOOM_LOCAL_MESSAGE(1502, hololoom::hurry_cascade)

namespace hololoom {

/// Spawns the actor that runs a cascade when it is sent `begin_cascade`.
///
/// The phases, in this order, each of which runs whatever became of the last:
///
/// 1. refuse: the gate closes.
/// 2. signal: exits go to all producers, which have the grace to end.
/// 3. flush: the buffer commits what is queued, seals itself and says so. It is
///    waited for as long as it moves.
/// 4. force: producers that still run are killed, or abandoned.
/// 5. stores: each is closed within its own limit, the last opened first; then
///    the root ends.
///
/// It needs no supervisor that answers: children of one that does not stop them
/// are asked by the cascade itself, and those that are left are killed by it.
/// The report tells what was seen.
///
/// `own_thread` gives it a thread, so that it runs whatever the scheduler's
/// threads are stuck in; without, it runs on the scheduler, as tests on a
/// virtual clock want it. Its owner ends it by `exit_high`.
caf::actor spawn_cascade(caf::actor_system& system, cascade_plan plan,
                         bool own_thread = true);

} // namespace hololoom
