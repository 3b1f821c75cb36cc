#pragma once

#include <hololoom/actors/memory/yarn_graph.hpp>
#include <hololoom/actors/shuttle/options.hpp>
#include <hololoom/actors/shuttle/protocol.hpp>
#include <hololoom/actors/shuttle/tools/tool.hpp>

#include <caf/actor_system.hpp>

#include <cstdint>
#include <memory>

/// Weavers: a pool of them does the shuttle's work.

namespace hololoom {

/// What a weaver works with.
struct weaver_deps {
  local_shuttle_actor shuttle;
  /// The memory. Null: there is none, and weaves say so in their warnings.
  local_yarn_actor yarn;
  /// Not null.
  std::shared_ptr<const tool_registry> tools;
  shuttle_options options;
  /// Its place in the pool, from 0; seeded weavers differ by it.
  std::uint64_t number = 0;
};

/// Spawns a weaver and makes it known to its shuttle.
///
/// `own_thread` gives it a thread: tools may block. Without, it runs on the
/// scheduler, as tests on a virtual clock want it. On an exit signal it
/// finishes the weave it has, asks the shuttle for leave, and ends.
weaver_actor spawn_weaver(caf::actor_system& system, weaver_deps deps,
                          bool own_thread = true);

} // namespace hololoom
