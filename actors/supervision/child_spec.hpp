#pragma once

#include <hololoom/actors/supervision/events.hpp>
#include <hololoom/messages/errc.hpp>

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_clock.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>
#include <caf/timespan.hpp>

#include <any>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace hololoom {

class directory;

/// When a child that ended is started again.
enum class restart_type : std::uint8_t {
  permanent = 0, ///< Always.
  transient = 1, ///< When it ended otherwise than by normal or shutdown.
  temporary = 2, ///< Never; it is forgotten.
};

constexpr auto enumerators(restart_type) {
  using e = restart_type;
  return std::array{std::pair{e::permanent, std::string_view{"permanent"}},
                    std::pair{e::transient, std::string_view{"transient"}},
                    std::pair{e::temporary, std::string_view{"temporary"}}};
}

/// What a child is counted as; only a supervisor has children of its own.
enum class child_type : std::uint8_t { worker = 0, supervisor = 1 };

constexpr auto enumerators(child_type) {
  using e = child_type;
  return std::array{std::pair{e::worker, std::string_view{"worker"}},
                    std::pair{e::supervisor, std::string_view{"supervisor"}}};
}

/// How long a child may take to end once it was asked to.
struct shutdown_policy {
  enum class mode : std::uint8_t {
    limit = 0,       ///< Asked, and killed when the limit is over.
    brutal_kill = 1, ///< Killed at once, without being asked.
    infinity = 2,    ///< Asked, and waited for.
  };

  mode how = mode::limit;
  caf::timespan limit = std::chrono::seconds{5};

  static shutdown_policy brutal_kill() { return {mode::brutal_kill, {}}; }
  static shutdown_policy within(caf::timespan t) { return {mode::limit, t}; }
  static shutdown_policy infinity() { return {mode::infinity, {}}; }

  bool operator==(const shutdown_policy&) const = default;
};

/// How restarts are spaced: the n-th in a row waits min * factor^n, at most
/// max, shifted at random by up to `jitter` of itself and kept within
/// [min, max]. Off (restarts are immediate, as in OTP) while `min` is zero.
struct backoff_policy {
  caf::timespan min{0};
  caf::timespan max{0};
  double factor = 2;
  /// 0 to 1.
  double jitter = 0;
  /// A child that ran this long starts again from `min`; zero: as long as max.
  caf::timespan reset{0};

  bool on() const { return min.count() > 0; }
  bool operator==(const backoff_policy&) const = default;
};

/// When a handler that does not return is reported; off while `limit` is zero.
struct stuck_policy {
  caf::timespan limit{0};
  /// Start a new incarnation beside the stuck one.
  bool replace = false;

  bool on() const { return limit.count() > 0; }
  bool operator==(const stuck_policy&) const = default;
};

/// How often a child may be restarted: so many times within a period.
struct restart_rate {
  std::int64_t times = 0;
  caf::timespan period{0};
  bool operator==(const restart_rate&) const = default;
};

/// What a child works on, and since when (on the steady clock).
struct work_note {
  std::string what = {};
  caf::actor_clock::time_point since = {};
};

/// A view into a child that its supervisor may use from any thread; it must not
/// block. One that throws counts as one that was not given. Actors spawned with
/// `spawn_state` need none: they show what they are doing anyway.
class child_probe {
public:
  virtual ~child_probe() = default;

  /// What it is doing now; nothing while it waits for work.
  virtual std::optional<work_note> doing() const = 0;

  /// Whether a kill really ends it. A thread that does not look at its stop
  /// token cannot be ended: it is reported as abandoned.
  virtual bool can_be_killed() const { return true; }

  /// Whether it waits for the end of the tree itself, as code does that closes
  /// what it runs in. A drain asks it to end and does not wait for it.
  virtual bool awaits_drain() const { return false; }

  /// Called right before the kill is sent: ends what the actor's own end would
  /// not, such as a process.
  virtual void force() {}
};

/// What a factory gets to know. It may be copied and kept.
struct start_context {
  caf::actor_system* system = nullptr;
  /// The child's place in the tree: "root/workers/pulse".
  std::string path = {};
  /// Counts its actors, this one included.
  std::int64_t incarnation = 0;
  /// Tells this attempt to start a child from all others of its supervisor.
  std::uint64_t start_id = 0;
  /// A weak reference: a child never keeps its supervisor alive.
  caf::actor_addr supervisor = {};
  std::shared_ptr<directory> names = {};
  std::shared_ptr<event_bus> events = {};
  /// What the `start_child` that added the child gave for it.
  std::any argument = {};

  /// The argument, if it is a `T`; else null.
  template <class T>
  const T* argument_as() const {
    return std::any_cast<T>(&argument);
  }

  /// Tells the supervisor that a child whose start is pending can serve.
  /// Thread-safe.
  void ready() const;

  /// Tells the supervisor that a pending start goes on, and how far it is: its
  /// limit begins anew. `what` is for people: "indexing the memory: 45 %".
  /// The tree shows it, and it is an event. Thread-safe.
  void progressed(std::string what) const;

  /// Tells the supervisor that a pending start failed. Thread-safe.
  void failed(caf::error reason) const;
};

/// What became of an attempt to start a child.
class start_result {
public:
  enum class outcome : std::uint8_t { started, pending, ignored, failed };

  /// It runs.
  template <class Handle>
  static start_result started(const Handle& x,
                              std::shared_ptr<child_probe> probe = nullptr) {
    return {outcome::started,
            caf::actor_cast<caf::strong_actor_ptr>(x),
            std::move(probe),
            {}};
  }

  /// It was spawned and will say `start_context::ready()` or `failed()`. The
  /// next child is not started before, other requests are answered.
  template <class Handle>
  static start_result pending(const Handle& x,
                              std::shared_ptr<child_probe> probe = nullptr) {
    return {outcome::pending,
            caf::actor_cast<caf::strong_actor_ptr>(x),
            std::move(probe),
            {}};
  }

  /// There is nothing to run now. That is no failure.
  static start_result ignore() { return {outcome::ignored, {}, {}, {}}; }

  static start_result failure(caf::error reason) {
    return {outcome::failed, {}, {}, std::move(reason)};
  }

  start_result(outcome o, caf::strong_actor_ptr h,
               std::shared_ptr<child_probe> p, caf::error e)
    : how(o), handle(std::move(h)), probe(std::move(p)), reason(std::move(e)) {}

  outcome how;
  caf::strong_actor_ptr handle;
  std::shared_ptr<child_probe> probe;
  caf::error reason;
  /// The handle is a supervisor of this library: stops, drains and snapshots
  /// go down into it.
  bool nested = false;
};

/// Starts a child. Runs on the supervisor's thread and must not block; what it
/// throws is a failed start.
using child_factory = std::function<start_result(const start_context&)>;

/// A child as data.
struct child_spec {
  /// Unique among its siblings, without '/'.
  std::string name = {};
  child_factory start = {};
  restart_type restart = restart_type::permanent;
  /// Left out: 5 s for a worker, infinity for a supervisor.
  std::optional<shutdown_policy> shutdown = {};
  child_type type = child_type::worker;
  /// Whether its end counts for the supervisor's auto_shutdown.
  bool significant = false;
  /// Whether it stands apart from its siblings, whatever the supervisor's
  /// strategy: it is restarted alone, and goes on when they are restarted.
  bool apart = false;
  /// For people: actor, coroutine, periodic, blocking, process, supervisor.
  std::string kind = "actor";
  backoff_policy backoff = {};
  /// Past this rate the supervisor gives up the child, and goes on with the
  /// others. Without it the child's restarts count for the supervisor's
  /// intensity, past which the supervisor gives up itself, as in OTP.
  std::optional<restart_rate> give_up_after = {};
  stuck_policy stuck = {};
  /// How long a pending start may take, or go on without any progress.
  caf::timespan start_limit = std::chrono::seconds{30};
  /// The longest that its own stop takes, for a supervisor of this library;
  /// zero when that has no bound. Set by `supervisor_child`.
  caf::timespan stop_bound{0};
  /// What is wrong with how it was made, as a sentence: "it needs a function".
  /// Such a spec is refused wherever it is given.
  std::string flaw = {};

  shutdown_policy effective_shutdown() const {
    if (shutdown)
      return *shutdown;
    return type == child_type::worker ? shutdown_policy{}
                                      : shutdown_policy::infinity();
  }
};

/// Specs are shared between a supervisor and its children's records.
using child_spec_ptr = std::shared_ptr<const child_spec>;

} // namespace hololoom
