#pragma once

#include <hololoom/actors/memory/index/shard_index.hpp>
#include <hololoom/actors/memory/reading/source_reader.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/yarn.hpp>

#include <caf/actor_system.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// The yarn graph: the actor that remembers.

namespace hololoom {

/// How memory is kept.
struct memory_options {
  /// The SQLite file. Left out: in memory only.
  maybe<std::string> path;
  /// Components of the default encoder's vectors.
  std::int64_t dimension = 384;
  /// How many shards BM25 proposes to the vectors in a large memory.
  std::int64_t candidates = 256;
  /// Vectors kept at hand.
  std::int64_t cached_vectors = 8192;
  /// More shards are refused with `errc::overloaded`.
  std::int64_t max_shards = 5'000'000;

  static constexpr auto fields() {
    using t = memory_options;
    return std::tuple{member("path", &t::path),
                      member("dimension", &t::dimension),
                      member("candidates", &t::candidates),
                      member("cached_vectors", &t::cached_vectors),
                      member("max_shards", &t::max_shards)};
  }
  bool operator==(const memory_options&) const = default;
};

/// Asks the yarn graph, in the same process, for what it knows now.
struct snapshot_query {
  bool operator==(const snapshot_query&) const = default;
};

/// An answer to `snapshot_query`: everything acknowledged so far.
struct index_snapshot {
  shard_index_ptr index;
};

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1702, hololoom::snapshot_query)
HOLOLOOM_LOCAL_MESSAGE(1703, hololoom::index_snapshot)

namespace hololoom {

/// The yarn graph as its own process sees it. It converts to `yarn_actor`.
using local_yarn_actor =
  yarn_actor::extend<answers<index_snapshot, snapshot_query>>;

/// Spawns the yarn graph. It answers at once: remembering, which waits for the
/// disk, is done by an actor of its own behind it. Until that has opened the
/// store, requests wait.
///
/// `own_thread` gives each of the two a thread; without, they run on the
/// scheduler, as tests on a virtual clock want it. When the store cannot be
/// opened, the yarn graph ends with the error. On an exit signal, it finishes
/// the remembering under way, closes the store and then ends.
///
/// A `remember_request` answers `invalid_shard`, `disk_full`, `read_only`,
/// `io_error`, `corrupt` or `overloaded`; nothing of it is kept then.
local_yarn_actor spawn_yarn_graph(caf::actor_system& system,
                                  memory_options options,
                                  bool own_thread = true);

/// What reading into memory did.
struct loading_report {
  reading_report read;
  /// Summed over all requests; `total` is the last one's.
  remember_ack remembered;
};

/// Reads files and folders into `memory`, batch by batch, at most two on their
/// way at a time. Blocks until all is acknowledged: not for a scheduler thread.
/// @returns the first error of `memory`; what is acknowledged by then stays.
caf::expected<loading_report>
remember_sources(caf::actor_system& system, const yarn_actor& memory,
                 const std::vector<std::string>& paths,
                 const reading_options& options = {},
                 const progress_sink& progress = {});

} // namespace hololoom
