#pragma once

#include <hololoom/actors/memory/yarn_graph.hpp>
#include <hololoom/actors/shuttle/options.hpp>
#include <hololoom/actors/shuttle/protocol.hpp>
#include <hololoom/actors/shuttle/tools/tool.hpp>

#include <caf/actor_system.hpp>

#include <cstdint>
#include <memory>

/// Weavers do the shuttle's work, each one weave at a time.

namespace hololoom {

/// What a weaver depends on.
struct weaver_deps {
  local_shuttle_actor shuttle;
  /// Null: there is no memory, and each weave warns of it.
  local_yarn_actor yarn;
  /// Not null.
  std::shared_ptr<const tool_registry> tools;
  shuttle_options options;
  /// Its place in the pool, from 0; part of the seed.
  std::uint64_t number = 0;
};

/// Spawns a weaver, which registers with its shuttle.
///
/// With `own_thread`, it has a thread of its own, since tools may block;
/// otherwise it runs on the scheduler, as tests on a virtual clock require. On
/// an exit signal it finishes its weave, asks the shuttle to dismiss it, and
/// exits.
weaver_actor spawn_weaver(caf::actor_system& system, weaver_deps deps,
                          bool own_thread = true);

} // namespace hololoom
