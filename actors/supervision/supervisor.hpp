#pragma once

#include <hololoom/actors/supervision/child.hpp>
#include <hololoom/actors/supervision/options.hpp>
#include <hololoom/actors/supervision/protocol.hpp>

#include <vector>

/// The room of supervision: OTP's supervisors over any CAF actors, and the
/// shutdown cascade. This header, child, child_spec, options, protocol, events,
/// directory, ask, end_within and cascade are public; core/ (the rules) and
/// shell/ (the actor) are for this room only. It knows messages/ alone.
/// workers/ makes child specs for it, and runtime/ owns the tree.

namespace hololoom {

/// Spawns a supervisor, in any actor system, over any actors. It starts its
/// children by itself; `await_running` answers when they run. Keep the handle:
/// a supervisor without references ends, and its children end with it.
/// @returns `errc::invalid_spec` with the field that is wrong, or
///          `errc::already_started` if a root of that name runs in the same
///          directory.
[[nodiscard]] caf::expected<supervisor_actor>
spawn_supervisor(caf::actor_system& system, supervisor_options options,
                 std::vector<child_spec> children);

/// Spawns a supervisor and waits until its children run. Not from an actor.
/// @returns as `spawn_supervisor`, or `errc::start_failed` with the child that
///          did not start and why; nothing is left running then.
[[nodiscard]] caf::expected<supervisor_actor>
start_supervisor(caf::actor_system& system, supervisor_options options,
                 std::vector<child_spec> children);

/// A supervisor as a child of another: `options.name` is the child's name. A
/// restart brings back `children`, not what was added at run time.
child_spec supervisor_child(supervisor_options options,
                            std::vector<child_spec> children,
                            restart_type restart = restart_type::permanent);

} // namespace hololoom
