#pragma once

#include <hololoom/actors/memory/index/shard_index.hpp>
#include <hololoom/actors/shuttle/weave/stage.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/episode.hpp>
#include <hololoom/messages/shuttle.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// The messages between the shuttle, its weavers and the composition root. None
/// of them crosses a wire.

namespace hololoom {

using policy_ptr = std::shared_ptr<const policy_snapshot>;

/// A weave to be done. The shuttle sends it to a weaver, one at a time; the
/// weaver adds the memory.
struct weave_order {
  /// Its number on the job board.
  std::uint64_t number = 0;
  /// The id of the spacetime.
  std::string id;
  weave_request request;
  /// Null: nothing was learned yet.
  policy_ptr policy;
  /// The time of admission, from which the deadline counts.
  std::chrono::steady_clock::time_point admitted;
  /// Null: the weave has no observer.
  std::shared_ptr<weave_progress> progress;
  /// Null: there is no memory.
  shard_index_ptr memory;
  /// Problems found before the weave began, for the trace's warnings.
  std::vector<std::string> warnings;
};

/// Allows a weaver that asked to leave to exit.
struct weaver_dismissed {};

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1800, hololoom::weave_order)
HOLOLOOM_LOCAL_MESSAGE(1801, hololoom::weaver_dismissed)

namespace hololoom {

/// A weaver does one weave at a time.
using weaver_actor =
  caf::typed_actor<answers<void, weave_order>, answers<void, weaver_dismissed>>;

/// A new weaver is ready for work.
struct weaver_ready {
  weaver_actor weaver;
};

/// The outcome of the weave `number`.
struct weave_done {
  std::uint64_t number = 0;
  spacetime woven;
};

/// A weaver was asked to exit. It stays until it is dismissed, so that waiting
/// weaves still have a weaver.
struct weaver_leaving {
  weaver_actor weaver;
};

/// Refuse new weaves and finish the admitted ones. The cascade's first phase;
/// an exit signal does the same, and lets the shuttle exit afterwards.
struct begin_drain {};

/// The time limit is reached: answer every remaining weave with an error.
struct cut_weaves {};

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1802, hololoom::weaver_ready)
HOLOLOOM_LOCAL_MESSAGE(1803, hololoom::weave_done)
HOLOLOOM_LOCAL_MESSAGE(1804, hololoom::weaver_leaving)
HOLOLOOM_LOCAL_MESSAGE(1805, hololoom::begin_drain)
HOLOLOOM_LOCAL_MESSAGE(1806, hololoom::cut_weaves)

namespace hololoom {

/// The shuttle's interface within its process. It converts to `shuttle_actor`.
/// A `policy_snapshot` replaces the current policy.
using local_shuttle_actor = shuttle_actor::extend<
  answers<shuttle_status, begin_drain>, answers<shuttle_status, cut_weaves>,
  answers<void, weaver_ready>, answers<void, weave_done>,
  answers<void, weaver_leaving>, answers<void, policy_snapshot>>;

} // namespace hololoom
