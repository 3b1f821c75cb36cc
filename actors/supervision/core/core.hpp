#pragma once

#include <hololoom/actors/supervision/core/backlog.hpp>
#include <hololoom/actors/supervision/core/rules/drain.hpp>

#include <string>
#include <vector>

/// The room of a supervisor's decisions: OTP's rules, asynchronously, over the
/// records of its children. Pure: no actors, clocks or threads; the caller
/// passes the current time, and a `core_host` carries out what is decided. It
/// knows messages/ and the role's specs, options and protocol; shell/ owns it.
///
/// Each rule (rules/) owns its own fields and can be tested alone. It calls
/// those above it in this table, and reaches the others through an interface
/// that it declares (`restart::orders`, `plan::steps`), which `core`
/// implements:
///
/// - books: the children, their counts, limits and waiting requests
/// - slices: long walks, cut so that queries have their turn
/// - backlog: requests and ends that wait for the plan
/// - stopping: how one child is asked, killed, abandoned
/// - restart: how children are started, and started again
/// - plan: boot, restart of a group, stop of all: which child is next
/// - drain: one budget for many children
///
/// Only `core` leads from one rule to another: an end goes to the plan, to the
/// drain, to the books, and then to restart. What arrives for other
/// children while a plan is under way waits, so that each sees the supervisor
/// as OTP's: one thing at a time. Queries never wait.

namespace hololoom::supervision {

/// The names of a simple_one_for_one's children: i1, i2, ...
class numbered_names {
public:
  std::string next() { return "i" + std::to_string(++last_); }
  /// The last one was not used.
  void take_back() { --last_; }
  /// Whether a child has or had that name.
  bool knows(const std::string& name) const;

private:
  std::uint64_t last_ = 0;
};

/// The rules as one: what a supervisor is asked, and what happens to it.
class core final : private restart::orders, private plan::steps {
public:
  core(supervisor_options options, board& children, core_host& host);
  core(const core&) = delete;
  core& operator=(const core&) = delete;

  // -- requests (requests.cpp) ------------------------------------------------

  void boot(child_specs specs, time_point now);
  void start_child(ticket t, hololoom::start_child x, time_point now);
  void terminate_child(ticket t, const hololoom::terminate_child& x,
                       time_point now);
  void restart_child(ticket t, const std::string& name, time_point now);
  void delete_child(ticket t, const std::string& name, time_point now);
  void await_running(ticket t);
  void drain(ticket t, drain_request request, time_point now);
  void abandon(const abandon_children& which, time_point now);

  /// Stops all children, then ends.
  /// @param end when all have to be down or abandoned
  void stop(time_point now, time_point end = no_time);

  // -- what happens (core.cpp, ends.cpp) ---------------------------------------

  void down(child& c, exit_class why, std::string reason, time_point now);
  /// @param start_id the attempt to start the child that this is about
  void ready(const std::string& name, std::uint64_t start_id,
             const caf::error& reason, time_point now);
  void progressed(const std::string& name, std::uint64_t start_id,
                  std::string what, time_point now);
  void drained_below(child& c, const drained& reply, time_point now);
  /// Starts a new incarnation of `c` beside the one that is stuck.
  void replace_stuck(child& c, time_point now);
  void proceed(time_point now);
  void tick(time_point now);

  // -- properties -------------------------------------------------------------

  /// When `tick` is to be called; `no_time`: not at all.
  time_point next_due(time_point now);
  child_counts counts() const { return books_.told_counts(); }
  bool draining() const noexcept { return drain_.draining(); }
  bool stopping() const noexcept {
    return draining() || plan_.stopping_all() || over_;
  }

private:
  // -- what restart and plan need ---------------------------------------------

  bool is_stopping() const override { return stopping(); }
  void stop_all(caf::error reason, time_point now) override;
  void restart_group(child& c, time_point now) override;
  void restart_alone(child& c, time_point now) override;
  void abandon_group() override { plan_.cancel(); }
  void stays_down(child& c) override;
  bool has_ended(child& c, time_point now);
  bool stop(child& c, time_point now) override;
  void kill(child& c, time_point now) override;
  attempt start(child& c, origin why, time_point now) override;

  // -- requests ---------------------------------------------------------------

  void stop_all_by(caf::error reason, time_point now, time_point end);
  bool refuses(ticket t);
  child* find_or_refuse(ticket t, const std::string& name);
  /// Refuses the name of `old`, and a child too many.
  void refuse_name(ticket t, const child& old);
  bool refuse_more(ticket t);
  /// Answers an error if `c` runs or is about to.
  bool refuse_active(ticket t, const child& c, const char* advice);
  void refuse_simple(ticket t, const std::string& why);
  void begin_draining(time_point now);
  child* find_starting(const std::string& name, std::uint64_t start_id);

  // -- what an end leads to (ends.cpp) ----------------------------------------

  void hold_end(child& c, exit_class why, std::string reason);
  void start_ended(child& c, const std::string& reason, time_point now);
  void was_stopped(child& c, exit_class why, const std::string& reason,
                   time_point now);
  void abandon(child& c, time_point now);
  void stop_waiting(const std::vector<std::string>& except);
  void gone(child& c, ended how, transition what, const std::string& reason,
            time_point now);
  void conclude(child& c, stopping::verdict what, time_point now);
  void limit_is_over(child& c, time_point now);

  // -- going on ---------------------------------------------------------------

  void advance(time_point now);
  bool advance_once(time_point now, work_slice& work);
  void advance_drain(time_point now);
  void end_if_empty();
  void finish(caf::error reason);

  supervisor_options options_;
  core_host& host_;
  books books_;
  slices slices_;
  backlog backlog_;
  supervision::stopping stopping_;
  restart restart_;
  plan plan_;
  supervision::drain drain_;

  child_spec_ptr template_; ///< Of a simple_one_for_one.
  numbered_names names_;
  std::vector<ticket> awaiting_; ///< Requests that wait until it runs.
  bool running_ = false;         ///< It has started what it was told to.
  bool end_when_empty_ = false;  ///< It ends when all its children have.
  bool advancing_ = false;
  bool over_ = false;
};

} // namespace hololoom::supervision
