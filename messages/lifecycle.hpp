#pragma once

#include <hololoom/messages/describe.hpp>
#include <hololoom/messages/exit_code.hpp>
#include <hololoom/messages/time.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace hololoom {

/// The state of a loom.
enum class loom_state : std::uint8_t {
  created = 0,
  starting = 1,
  running = 2,
  draining = 3,
  closing = 4,
  closed = 5,
  failed = 6,
  degraded = 7, ///< Running, but one of its parts is down at the moment.
};

constexpr auto enumerators(loom_state) {
  using e = loom_state;
  return std::array{std::pair{e::created, std::string_view{"created"}},
                    std::pair{e::starting, std::string_view{"starting"}},
                    std::pair{e::running, std::string_view{"running"}},
                    std::pair{e::draining, std::string_view{"draining"}},
                    std::pair{e::closing, std::string_view{"closing"}},
                    std::pair{e::closed, std::string_view{"closed"}},
                    std::pair{e::failed, std::string_view{"failed"}},
                    std::pair{e::degraded, std::string_view{"degraded"}}};
}

/// An event in a child's life.
enum class transition : std::uint8_t {
  started = 0,     ///< Its factory succeeded.
  ready = 1,       ///< It reported that it can serve.
  exited = 2,      ///< It is down; `reason` says why.
  restarting = 3,  ///< A new incarnation is due.
  escalated = 4,   ///< Its supervisor gave up.
  stopped = 5,     ///< It was asked to exit, and did.
  stuck = 6,       ///< One of its handlers does not return.
  recovered = 7,   ///< The stuck handler did return.
  replaced = 8,    ///< A new incarnation runs beside the stuck one.
  killed = 9,      ///< It was ended by force.
  abandoned = 10,  ///< It could not be stopped, and runs on.
  progressed = 11, ///< Its start goes on; `reason` says how far it is.
  gave_up = 12,    ///< It ended too often, and stays down.
  noted = 13,      ///< It did what people should know of; `reason` says what.
};

constexpr auto enumerators(transition) {
  using e = transition;
  return std::array{std::pair{e::started, std::string_view{"started"}},
                    std::pair{e::ready, std::string_view{"ready"}},
                    std::pair{e::exited, std::string_view{"exited"}},
                    std::pair{e::restarting, std::string_view{"restarting"}},
                    std::pair{e::escalated, std::string_view{"escalated"}},
                    std::pair{e::stopped, std::string_view{"stopped"}},
                    std::pair{e::stuck, std::string_view{"stuck"}},
                    std::pair{e::recovered, std::string_view{"recovered"}},
                    std::pair{e::replaced, std::string_view{"replaced"}},
                    std::pair{e::killed, std::string_view{"killed"}},
                    std::pair{e::abandoned, std::string_view{"abandoned"}},
                    std::pair{e::progressed, std::string_view{"progressed"}},
                    std::pair{e::gave_up, std::string_view{"gave_up"}},
                    std::pair{e::noted, std::string_view{"noted"}}};
}

/// A transition in the supervision tree.
struct lifecycle_event {
  timestamp at;
  /// The child's place in the tree: "root/workers/pulse".
  std::string path;
  transition what = transition::started;
  /// Counts the actors of the child, from 1. `restarting` has that of the actor
  /// that has ended, and the `started` after it the next one.
  std::int64_t incarnation = 0;
  /// The cause, for people; empty if there is nothing to say.
  std::string reason;

  static constexpr auto fields() {
    using t = lifecycle_event;
    return members(
      member("at", &t::at), member("path", &t::path), member("what", &t::what),
      member("incarnation", &t::incarnation), member("reason", &t::reason));
  }
  bool operator==(const lifecycle_event&) const = default;
};

/// Whether `reason`, of an `exited` event, is that of an end in order: the
/// child was done, somebody told it to end, or, for a supervisor, its
/// significant children were done.
inline bool is_orderly(std::string_view reason) {
  return reason == "normal" || reason == "shutdown"
      || reason.starts_with("shutdown, as ");
}

/// Whether an `exited` event tells of an end in order.
inline bool ended_in_order(const lifecycle_event& x) {
  return x.what == transition::exited && is_orderly(x.reason);
}

/// How far a part of the loom is with a start that takes long.
struct start_progress {
  std::string what; ///< "indexing the memory"
  std::int64_t done = 0;
  std::int64_t total = 0; ///< In the unit of `done`; 0: not known.

  /// 0 to 100.
  std::int64_t percent() const {
    return total > 0 ? std::clamp<std::int64_t>(
             static_cast<std::int64_t>(100.0 * static_cast<double>(done)
                                       / static_cast<double>(total)),
             0, 100)
                     : 0;
  }
};

/// "indexing the memory: 45 %"
inline std::string to_string(const start_progress& x) {
  if (x.total <= 0)
    return x.what;
  return x.what + ": " + std::to_string(x.percent()) + " %";
}

/// Called with how far a start is; it must not block.
using start_progress_sink = std::function<void(const start_progress&)>;

/// The state of a child.
enum class child_state : std::uint8_t {
  starting = 0, ///< Spawned, not yet ready.
  running = 1,
  stopping = 2,   ///< Asked to exit.
  restarting = 3, ///< A new incarnation is due.
  stopped = 4,    ///< Ended or ignored; its spec is kept.
  stuck = 5,      ///< Running, in a handler that does not return.
};

constexpr auto enumerators(child_state) {
  using e = child_state;
  return std::array{std::pair{e::starting, std::string_view{"starting"}},
                    std::pair{e::running, std::string_view{"running"}},
                    std::pair{e::stopping, std::string_view{"stopping"}},
                    std::pair{e::restarting, std::string_view{"restarting"}},
                    std::pair{e::stopped, std::string_view{"stopped"}},
                    std::pair{e::stuck, std::string_view{"stuck"}}};
}

/// A child in a snapshot of the tree.
struct child_status {
  /// "root/workers/pulse".
  std::string path;
  /// actor, coroutine, periodic, blocking, process, supervisor.
  std::string kind;
  child_state state = child_state::starting;
  /// Counts its successful starts.
  std::int64_t incarnation = 0;
  /// Counts the starts that its supervisor made because the child had ended.
  std::int64_t restarts = 0;
  /// Since its last start.
  millis age{0};
  /// The cause of its last end; null before the first.
  maybe<std::string> last_reason;
  /// The work in progress, and for how long; null while it waits.
  maybe<std::string> doing;

  static constexpr auto fields() {
    using t = child_status;
    return members(
      member("path", &t::path), member("kind", &t::kind),
      member("state", &t::state), member("incarnation", &t::incarnation),
      member("restarts", &t::restarts), member("age_ms", &t::age),
      member("last_reason", &t::last_reason), member("doing", &t::doing));
  }
  bool operator==(const child_status&) const = default;
};

/// A supervision tree: each supervisor comes before its children, and these
/// come in the order of their start.
struct tree_snapshot {
  std::vector<child_status> children;

  static constexpr auto fields() {
    return members(member("children", &tree_snapshot::children));
  }
  bool operator==(const tree_snapshot&) const = default;
};

/// The phases of the shutdown cascade, in their order.
enum class cascade_phase : std::uint8_t {
  refuse = 0,
  signal = 1,
  flush = 2,
  force = 3,
  stores = 4,
};

constexpr auto enumerators(cascade_phase) {
  using e = cascade_phase;
  return std::array{std::pair{e::refuse, std::string_view{"refuse"}},
                    std::pair{e::signal, std::string_view{"signal"}},
                    std::pair{e::flush, std::string_view{"flush"}},
                    std::pair{e::force, std::string_view{"force"}},
                    std::pair{e::stores, std::string_view{"stores"}}};
}

/// The outcome of one phase of the shutdown cascade.
struct shutdown_phase {
  /// refuse, signal, flush, force or stores; "hook: NAME" of a user's hook; or,
  /// if it missed something, "subscriber N" or "log".
  std::string name;
  millis took{0};
  maybe<std::string> error;

  static constexpr auto fields() {
    using t = shutdown_phase;
    return members(member("name", &t::name), member("ms", &t::took),
                   member("error", &t::error));
  }
  bool operator==(const shutdown_phase&) const = default;
};

enum class ended : std::uint8_t {
  shutdown = 0,  ///< It was asked to exit, and did.
  normal = 1,    ///< It had finished on its own.
  killed = 2,    ///< It was ended by force.
  abandoned = 3, ///< It could not be stopped.
  crashed = 4,   ///< It failed on the way down.
  /// Its exit waits in its mailbox: it is at nothing, and no thread has had
  /// time for it.
  no_turn = 5,
};

constexpr auto enumerators(ended) {
  using e = ended;
  return std::array{std::pair{e::shutdown, std::string_view{"shutdown"}},
                    std::pair{e::normal, std::string_view{"normal"}},
                    std::pair{e::killed, std::string_view{"killed"}},
                    std::pair{e::abandoned, std::string_view{"abandoned"}},
                    std::pair{e::crashed, std::string_view{"crashed"}},
                    std::pair{e::no_turn, std::string_view{"no_turn"}}};
}

/// The end of one child in the cascade. With very many children, those of one
/// kind that ended well share an entry, named "N kind children".
struct child_outcome {
  std::string name;
  /// actor, coroutine, periodic, blocking, process, supervisor.
  std::string kind;
  ended how = ended::shutdown;
  /// From its exit signal to its end.
  millis took{0};
  bool forced = false;
  /// The work that kept it from ending, and for how long; else null.
  maybe<std::string> doing;
  /// The error of one that crashed; else null.
  maybe<std::string> reason = {};

  static constexpr auto fields() {
    using t = child_outcome;
    return members(member("name", &t::name), member("kind", &t::kind),
                   member("ended", &t::how), member("ms", &t::took),
                   member("forced", &t::forced), member("doing", &t::doing),
                   member("reason", &t::reason));
  }
  bool operator==(const child_outcome&) const = default;
};

/// How often one child has failed, by an end by an error or a start that
/// failed, and how its supervisor took it.
struct child_failures {
  /// "root/workers/pulse".
  std::string path;
  std::int64_t times = 0;
  /// Of the last time.
  std::string reason;
  timestamp first;
  timestamp last;
  /// How often its supervisor decided to start it again.
  std::int64_t restarts = 0;
  /// The last failure was one too many: its supervisor gave it up, or ended.
  bool gave_up = false;

  static constexpr auto fields() {
    using t = child_failures;
    return members(member("path", &t::path), member("times", &t::times),
                   member("reason", &t::reason), member("first", &t::first),
                   member("last", &t::last), member("restarts", &t::restarts),
                   member("gave_up", &t::gave_up));
  }
  bool operator==(const child_failures&) const = default;
};

struct weave_tally {
  std::int64_t drained = 0; ///< Finished after the cascade began.
  std::int64_t refused = 0; ///< Arrived too late.
  std::int64_t cut = 0;     ///< Answered with an error at the limit.

  static constexpr auto fields() {
    using t = weave_tally;
    return members(member("drained", &t::drained),
                   member("refused", &t::refused), member("cut", &t::cut));
  }
  bool operator==(const weave_tally&) const = default;
};

struct flush_outcome {
  bool acknowledged = false;
  /// Episodes that the flush itself wrote.
  std::int64_t episodes = 0;
  /// The time of the acknowledgement, from the start of the cascade.
  maybe<millis> at;
  maybe<millis> took;
  maybe<std::string> error;

  static constexpr auto fields() {
    using t = flush_outcome;
    return members(member("acknowledged", &t::acknowledged),
                   member("episodes", &t::episodes), member("at_ms", &t::at),
                   member("ms", &t::took), member("error", &t::error));
  }
  bool operator==(const flush_outcome&) const = default;
};

/// The outcome of the shutdown cascade.
struct shutdown_report {
  std::string reason;
  std::string requested_by;
  timestamp started_at;
  millis total{0};
  std::vector<shutdown_phase> phases;
  std::vector<child_outcome> children;
  /// The failures of the run, a line a child: the first hundred that failed,
  /// and the last hundred.
  std::vector<child_failures> failures;
  std::int64_t failures_left_out = 0; ///< Failures that no line counts.
  weave_tally weaves;
  flush_outcome flush;
  maybe<millis> first_force_at;
  /// Episodes that arrived after the buffer was sealed.
  std::int64_t late_stores = 0;
  /// Why the reflection buffer is degraded, for instance what is damaged in its
  /// journal, and what to do; empty if it is not.
  std::string problem;
  std::vector<std::string> abandoned;
  /// The exit code for the program: see `exits_with`.
  std::int32_t exit_code = 0;

  static constexpr auto fields() {
    using t = shutdown_report;
    return members(
      member("reason", &t::reason), member("requested_by", &t::requested_by),
      member("started_at", &t::started_at), member("total_ms", &t::total),
      member("phases", &t::phases), member("children", &t::children),
      member("failures", &t::failures),
      member("failures_left_out", &t::failures_left_out),
      member("weaves", &t::weaves), member("flush", &t::flush),
      member("first_force_at_ms", &t::first_force_at),
      member("late_stores", &t::late_stores), member("problem", &t::problem),
      member("abandoned", &t::abandoned), member("exit_code", &t::exit_code));
  }
  bool operator==(const shutdown_report&) const = default;
};

/// Has the report ask for an exit code, which is the first that holds:
///
/// - 75 (`forced`): something was killed because its time was over, or is still
///   there;
/// - 74 (`io`): the flush failed, so that what was not acknowledged may be
/// lost;
/// - 70 (`internal`): this is no true report, and `flush.error` says why;
/// - 69 (`unavailable`): the loom, or an essential worker, had failed;
/// - 0 (`ok`): all ended in order.
inline void exits_with(shutdown_report& report, exit_code code) {
  report.exit_code =
    std::max(report.exit_code, static_cast<std::int32_t>(code));
}

} // namespace hololoom

HOLOLOOM_INSPECTED_ONCE(hololoom::lifecycle_event)
HOLOLOOM_INSPECTED_ONCE(hololoom::shutdown_report)
HOLOLOOM_INSPECTED_ONCE(hololoom::tree_snapshot)
