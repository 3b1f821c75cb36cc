#pragma once

#include <hololoom/actors/memory/index/shard_index.hpp>
#include <hololoom/messages/caf/copy_store.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/caf/memory_ids.hpp>
#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/yarn.hpp>

#include <caf/actor_system.hpp>

#include <cstdint>
#include <string>

/// memory: what the loom remembers. The yarn graph, the room's actor, owns the
/// store and the index of all shards. Below it, text/ analyses, reading/ turns
/// files into shards, store/ keeps them and index/ finds them. The room may
/// include storage and messages. The composition root spawns the yarn graph and
/// a supervisor restarts it; weavers ask it for snapshots.

namespace hololoom {

/// How to keep the memory.
struct memory_options {
  /// The SQLite file; without one, nothing survives the process.
  maybe<std::string> path = {};
  /// Components of the default encoder's vectors.
  std::int64_t dimension = 384;
  /// In a large memory, the shards that BM25 proposes for vector scoring.
  std::int64_t candidates = 256;
  /// Vectors kept in a cache.
  std::int64_t cached_vectors = 8192;
  /// Requests that would exceed it fail with `errc::overloaded`.
  std::int64_t max_shards = 5'000'000;

  static constexpr auto fields() {
    using t = memory_options;
    return members(member("path", &t::path), member("dimension", &t::dimension),
                   member("candidates", &t::candidates),
                   member("cached_vectors", &t::cached_vectors),
                   member("max_shards", &t::max_shards));
  }
  bool operator==(const memory_options&) const = default;
};

/// Asks the yarn graph, within the process, for its current snapshot.
struct snapshot_query {
  bool operator==(const snapshot_query&) const = default;
};

/// The answer to `snapshot_query`: everything acknowledged so far.
struct index_snapshot {
  shard_index_ptr index = {};
};

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1702, hololoom::snapshot_query)
HOLOLOOM_LOCAL_MESSAGE(1703, hololoom::index_snapshot)

namespace hololoom {

/// The yarn graph's interface within its process. It converts to `yarn_actor`.
using local_yarn_actor =
  yarn_actor::extend<answers<index_snapshot, snapshot_query>>;

/// The same for the one that owns it. It converts to both.
using owned_yarn_actor =
  local_yarn_actor::extend<answers<store_copied, copy_store>>;

/// Spawns the yarn graph. It never blocks: a second actor, the keeper, waits
/// for the disk. Requests wait until the keeper has opened the store.
///
/// With `own_thread`, each of the two actors has a thread; otherwise they run
/// on the scheduler, as tests on a virtual clock require. If the store cannot
/// be opened, the yarn graph exits with the error. On an exit signal, it stops
/// the opening or the request that the keeper works on, closes the store and
/// exits. The keeper calls `on_progress`, which may be null, while it opens.
///
/// A `remember_request` fails with `invalid_shard`, `disk_full`, `read_only`,
/// `io_error`, `corrupt`, `overloaded` or `shutting_down`, and then keeps none
/// of its shards.
owned_yarn_actor spawn_yarn_graph(caf::actor_system& system,
                                  memory_options options,
                                  bool own_thread = true,
                                  start_progress_sink on_progress = {});

} // namespace hololoom
