#pragma once

#include <hololoom/actors/shuttle/weave/stage.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/episode.hpp>
#include <hololoom/messages/shuttle.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

/// What the shuttle, its weavers and the composition root say to each other.
/// None of it crosses a wire.

namespace hololoom {

using policy_ptr = std::shared_ptr<const policy_snapshot>;

/// Weave this. Shuttle to weaver, one at a time.
struct weave_job {
  std::uint64_t number = 0;
  /// The spacetime's id.
  std::string id;
  weave_request request;
  /// Never null.
  policy_ptr policy;
  /// When the query was admitted; its deadline counts from here.
  std::chrono::steady_clock::time_point admitted;
  std::shared_ptr<weave_progress> progress;
};

/// Nothing is left to weave: a weaver that wanted to leave may.
struct weaver_dismissed {};

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1800, hololoom::weave_job)
HOLOLOOM_LOCAL_MESSAGE(1801, hololoom::weaver_dismissed)

namespace hololoom {

/// A weaver: does one weave at a time.
using weaver_actor =
  caf::typed_actor<answers<void, weave_job>, answers<void, weaver_dismissed>>;

/// A weaver runs and has nothing to do.
struct weaver_ready {
  weaver_actor weaver;
};

/// The outcome of job `number`.
struct weave_done {
  std::uint64_t number = 0;
  spacetime woven;
};

/// A weaver was asked to exit. It stays until it is dismissed, so that weaves
/// that wait are not left without anybody to do them.
struct weaver_leaving {
  weaver_actor weaver;
};

/// Take no more weaves, finish those that were admitted. The cascade's first
/// phase; an exit signal does the same, and lets the shuttle end after it.
struct begin_drain {};

/// The limit is reached: answer whatever is left with an error.
struct cut_weaves {};

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1802, hololoom::weaver_ready)
HOLOLOOM_LOCAL_MESSAGE(1803, hololoom::weave_done)
HOLOLOOM_LOCAL_MESSAGE(1804, hololoom::weaver_leaving)
HOLOLOOM_LOCAL_MESSAGE(1805, hololoom::begin_drain)
HOLOLOOM_LOCAL_MESSAGE(1806, hololoom::cut_weaves)

namespace hololoom {

/// The shuttle as its own process sees it. It converts to `shuttle_actor`.
/// A `policy_snapshot` replaces the one it works with.
using local_shuttle_actor = shuttle_actor::extend<
  answers<shuttle_status, begin_drain>, answers<shuttle_status, cut_weaves>,
  answers<void, weaver_ready>, answers<void, weave_done>,
  answers<void, weaver_leaving>, answers<void, policy_snapshot>>;

} // namespace hololoom
