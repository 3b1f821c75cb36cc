#pragma once

#include <hololoom/actors/supervision/child_spec.hpp>
#include <hololoom/messages/caf/lifecycle_ids.hpp>
#include <hololoom/messages/caf/local_message.hpp>

#include <caf/typed_actor.hpp>

#include <any>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hololoom {

// -- what OTP's supervisor answers ---------------------------------------------

/// Adds a child and starts it. A simple_one_for_one takes no spec: it has a
/// template. Errors: `invalid_spec`, `already_started`, `already_present`,
/// `start_failed`, `overloaded` (`max_children`), `shutting_down`.
struct start_child {
  start_child() = default;
  start_child(child_spec_ptr x) : spec(std::move(x)) {}
  start_child(child_spec x)
    : spec(std::make_shared<const child_spec>(std::move(x))) {}

  /// Another child of a simple_one_for_one. Each of its incarnations finds
  /// `x` by `start_context::argument_as<T>()`.
  template <class T>
  static start_child with(T x) {
    start_child result;
    result.argument = std::move(x);
    return result;
  }

  child_spec_ptr spec;
  std::any argument;
};

/// Stops a child; its spec is kept, unless it is temporary. Answered when the
/// child is down. Errors: `not_found`, `not_supported`.
struct terminate_child {
  std::string name = {};
  /// It is killed at once, whatever its spec says.
  bool by_force = false;
};

/// Starts a child that was stopped or has ended. Errors: `not_found`,
/// `child_running`, `child_restarting`, `start_failed`, `not_supported`,
/// `shutting_down`.
struct restart_child {
  std::string name = {};
};

/// Forgets a child that does not run. Errors: `not_found`, `child_running`,
/// `child_restarting`, `not_supported`.
struct delete_child {
  std::string name = {};
};

/// Lists the children in start order.
struct which_children {};

/// Answers the `child_info` of one child. Errors: `not_found`.
struct which_child {
  std::string name = {};
};

/// Answers the `known_spec` of a child, running or not. Errors: `not_found`.
struct get_childspec {
  std::string name = {};
};

struct count_children {};

/// A child that was started.
struct child_started {
  std::string name = {};
  std::int64_t incarnation = 0;
  /// Null when the factory answered `ignore`.
  caf::strong_actor_ptr handle = {};
};

/// The request was carried out.
struct acknowledged {
  bool operator==(const acknowledged&) const = default;
};

struct child_info {
  std::string name = {};
  child_state state = child_state::running;
  child_type type = child_type::worker;
  /// Counts its actors, one that did not become ready included.
  std::int64_t incarnation = 0;
  caf::strong_actor_ptr handle = {};
  /// Counts its successful starts.
  std::int64_t starts = 0;
};

struct child_list {
  std::vector<child_info> children = {};
};

struct known_spec {
  child_spec_ptr spec = {};
};

struct child_counts {
  std::int64_t specs = 0;
  std::int64_t active = 0;
  std::int64_t supervisors = 0;
  std::int64_t workers = 0;
  bool operator==(const child_counts&) const = default;
};

// -- beyond OTP ------------------------------------------------------------------

/// Answered once the static children run. Errors: `start_failed` with the child
/// that did not start and why, `shutting_down`.
struct await_running {};

/// Asks for the whole tree below, itself included. The answer is read from what
/// the supervisors publish: no other supervisor is asked.
struct tree_query {};

/// Sent by or for a child whose start is pending.
struct child_ready {
  std::string name = {};
  std::uint64_t start_id = 0; ///< `start_context::start_id`
  /// None: it can serve.
  caf::error reason = {};
};

/// Sent by or for a child whose start is pending and goes on.
struct child_progress {
  std::string name = {};
  std::uint64_t start_id = 0; ///< `start_context::start_id`
  std::string what;           ///< How far it is, for people.
};

/// Subscribes the sender of the request, or `listener`, to lifecycle events.
struct subscribe_events {
  caf::actor listener = {};
};

// -- draining, for the shutdown cascade --------------------------------------------

/// Asks children to end and answers when all are down. Kills no child, except
/// those whose spec says brutal_kill. From now on nothing is restarted, and
/// `start_child` fails with `shutting_down`.
struct drain_request {
  /// Which children; empty means all but `except`.
  std::vector<std::string> names = {};
  /// On the system's (steady) clock. Children that are stopped one after the
  /// other share the time until then. Past it, all have been asked; none is
  /// killed, and the request goes on waiting.
  caf::actor_clock::time_point deadline = {};
  /// Whether the supervisor itself ends once all its children are down.
  bool then_end = false;
  std::vector<std::string> except = {};
};

/// The children of a drain are down, except those that wait for it themselves
/// (`child_probe::awaits_drain`), which end after it.
struct drained {
  bool excused = false; ///< Whether there are such.
  bool operator==(const drained&) const = default;
};

/// Stops the supervisor like an exit by shutdown, in time: what has not ended
/// is killed so early that all are down or abandoned by `end`, and the
/// supervisor, too. A supervisor with a `stop_limit` sends it to those below.
struct stop_by {
  caf::actor_clock::time_point end = {};
};

/// Waits no longer for children that did not end when killed: they are entered
/// in the ledger as abandoned. Unknown names are ignored.
struct abandon_children {
  std::vector<std::string> names = {};
  /// Nor for all others that are being stopped, very many. The supervisor does
  /// not enter them: the sender reports them.
  bool others = false;
  /// But for these, and supervisors.
  std::vector<std::string> except = {};
};

/// Any supervisor.
using supervisor_actor = caf::typed_actor<
  answers<child_started, start_child>, answers<acknowledged, terminate_child>,
  answers<child_started, restart_child>, answers<acknowledged, delete_child>,
  answers<child_list, which_children>, answers<child_counts, count_children>,
  answers<child_info, which_child>, answers<known_spec, get_childspec>,
  answers<acknowledged, await_running>, answers<tree_snapshot, tree_query>,
  answers<acknowledged, subscribe_events>, answers<drained, drain_request>,
  answers<void, stop_by>, answers<void, abandon_children>,
  answers<void, child_ready>, answers<void, child_progress>>;

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1505, hololoom::start_child)
HOLOLOOM_LOCAL_MESSAGE(1506, hololoom::terminate_child)
HOLOLOOM_LOCAL_MESSAGE(1507, hololoom::restart_child)
HOLOLOOM_LOCAL_MESSAGE(1508, hololoom::delete_child)
HOLOLOOM_LOCAL_MESSAGE(1509, hololoom::which_children)
HOLOLOOM_LOCAL_MESSAGE(1510, hololoom::count_children)
HOLOLOOM_LOCAL_MESSAGE(1511, hololoom::child_started)
HOLOLOOM_LOCAL_MESSAGE(1512, hololoom::acknowledged)
HOLOLOOM_LOCAL_MESSAGE(1513, hololoom::child_list)
HOLOLOOM_LOCAL_MESSAGE(1514, hololoom::child_counts)
HOLOLOOM_LOCAL_MESSAGE(1515, hololoom::await_running)
HOLOLOOM_LOCAL_MESSAGE(1516, hololoom::tree_query)
HOLOLOOM_LOCAL_MESSAGE(1517, hololoom::child_ready)
HOLOLOOM_LOCAL_MESSAGE(1518, hololoom::subscribe_events)
HOLOLOOM_LOCAL_MESSAGE(1519, hololoom::drain_request)
HOLOLOOM_LOCAL_MESSAGE(1520, hololoom::drained)
HOLOLOOM_LOCAL_MESSAGE(1521, hololoom::abandon_children)
HOLOLOOM_LOCAL_MESSAGE(1529, hololoom::which_child)
HOLOLOOM_LOCAL_MESSAGE(1530, hololoom::get_childspec)
HOLOLOOM_LOCAL_MESSAGE(1531, hololoom::child_info)
HOLOLOOM_LOCAL_MESSAGE(1532, hololoom::known_spec)
HOLOLOOM_LOCAL_MESSAGE(1527, hololoom::child_progress)
HOLOLOOM_LOCAL_MESSAGE(1528, hololoom::stop_by)
