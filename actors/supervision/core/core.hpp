#pragma once

#include <hololoom/actors/supervision/core/board.hpp>
#include <hololoom/actors/supervision/core/restart_limit.hpp>
#include <hololoom/actors/supervision/core/timers.hpp>
#include <hololoom/actors/supervision/options.hpp>
#include <hololoom/actors/supervision/protocol.hpp>

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hololoom::supervision {

/// How a child ended, as far as its supervisor cares.
enum class exit_class : std::uint8_t { normal, shutdown, killed, abnormal };

/// When the core goes on with what it could not do in one go.
enum class pace : std::uint8_t {
  at_once,   ///< After what is already in the mailbox.
  unhurried, ///< When the children that it has started had a turn, too.
};

/// Shared, because a supervisor that is restarted begins with them again.
using child_specs = std::shared_ptr<const std::vector<child_spec_ptr>>;

/// What the core wants done. It is the only way out of the core.
class core_host {
public:
  virtual ~core_host() = default;

  /// Runs the child's factory; `incarnation` is the one that it would be.
  virtual start_result start(child& c, std::int64_t incarnation) = 0;
  /// `c` has its handle: watch it.
  virtual void adopt(child& c) = 0;
  /// `c` is about to lose its handle: forget it.
  virtual void release(child& c) = 0;
  /// What `from` was watched for is `to` now.
  virtual void moved(child& from, child& to) = 0;
  /// Asks `c` to end, and calls `core::told` when it does. That may take a
  /// while when very many are asked.
  virtual void ask(child& c) = 0;
  /// Kills `c`.
  virtual void kill(child& c) = 0;
  /// Tells a supervisor below to drain until `deadline`, and to end when all
  /// are down.
  virtual void drain_below(child& c, time_point deadline) = 0;
  /// Tells a supervisor below to force what is left, and to end.
  virtual void force_below(child& c) = 0;
  /// How many children below the supervisor `c` are not down.
  virtual std::int64_t alive_below(const child& c) const = 0;
  virtual void report(const child& c, transition what,
                      std::string_view reason) = 0;
  virtual void answer_started(ticket t, const child& c) = 0;
  virtual void answer_done(ticket t) = 0;
  virtual void answer_error(ticket t, caf::error reason) = 0;
  virtual void answer_drain(ticket t, drain_report report) = 0;
  virtual void answer_force(ticket t, force_report report) = 0;
  /// Calls `core::proceed` soon.
  virtual void proceed_later(pace how) = 0;
  /// Whether what began at `since` has gone on for so long that whoever waits
  /// for an answer must have its turn.
  virtual bool too_long(time_point since) const = 0;
  /// The supervisor is done. Nothing of the core is called any more.
  virtual void finished(caf::error reason) = 0;
};

/// Decides what a supervisor does: OTP's rules, asynchronously. Knows no actor,
/// no clock and no thread; every call says what time it is.
///
/// At most one plan is under way: the start of all children, the restart of a
/// group, or the stop of all. A plan first stops its members, then starts
/// children in order. What arrives for other children meanwhile waits, so that
/// each sees the supervisor as OTP's: one thing at a time. Queries never wait
/// for it: of what there is to do for each child, a slice is done in one go.
class core {
public:
  core(supervisor_options options, board& children, core_host& host);

  // -- requests ---------------------------------------------------------------

  void boot(child_specs specs, time_point now);
  void start_child(ticket t, child_spec_ptr spec, time_point now);
  void terminate_child(ticket t, const std::string& name, time_point now);
  void restart_child(ticket t, const std::string& name, time_point now);
  void delete_child(ticket t, const std::string& name, time_point now);
  void await_running(ticket t);
  void drain(ticket t, drain_request request, time_point now);
  void force(ticket t, bool then_end, time_point now);

  /// Stops all children, then ends.
  void stop(time_point now);

  // -- what happens -----------------------------------------------------------

  void down(child& c, exit_class why, std::string reason, time_point now);
  /// `c` is told to end now.
  void told(child& c, time_point now);
  /// @param start_id which attempt to start the child is spoken of
  void ready(const std::string& name, std::uint64_t start_id,
             const caf::error& reason, time_point now);
  void drained_below(child& c, drain_report report, time_point now);
  void forced_below(child& c, const force_report& report, time_point now);
  /// Starts a new incarnation of `c` beside the one that is stuck.
  void replace_stuck(child& c, time_point now);
  void proceed(time_point now);
  void tick(time_point now);

  // -- properties -------------------------------------------------------------

  /// When `tick` is to be called; `no_time`: not at all.
  time_point next_due(time_point now);
  child_counts counts() const;
  bool draining() const noexcept { return draining_; }
  bool stopping() const noexcept {
    return draining_ || plan_.what == activity::stop || over_;
  }

private:
  enum class activity : std::uint8_t { none, boot, group, stop };

  struct plan {
    activity what = activity::none;
    bool parallel = false;
    bool paused = false;       ///< `proceed` goes on with it.
    std::size_t added = 0;     ///< Children that are known so far.
    std::uint64_t first = 0;   ///< Who is to be stopped, from the last ...
    std::uint64_t above = 0;   ///< ... down to `first`: seen to down to here.
    std::size_t alive = 0;     ///< Those of them that are not down yet.
    std::uint64_t current = 0; ///< The one that is waited for.
    std::uint64_t cursor = 0;  ///< Started up to here.
    caf::error reason;         ///< What the supervisor ends with.
  };

  /// What may be done in one go. A start costs more than to ask for an end.
  struct slice {
    static constexpr int all = 1024;
    static constexpr int start = 4;
    time_point began;
    int left = all;
  };

  struct drain_op {
    ticket id = 0;
    std::set<std::string> names; ///< Empty: all.
    time_point deadline = no_time;
    bool covers(const child& c) const {
      return names.empty() || names.contains(c.zombie ? c.spec->name : c.name);
    }
  };

  struct force_op {
    ticket id = 0;
    std::set<std::uint64_t> waiting;
    std::map<std::uint64_t, std::string> doing;
    force_report report;
  };

  using later = std::function<void(time_point)>;

  /// An end that has not had its turn.
  struct unheard {
    std::int64_t incarnation = 0;
    exit_class why = exit_class::normal;
    std::string reason;
  };

  // -- starting (core_start.cpp) ----------------------------------------------

  enum class attempt : std::uint8_t { running, pending, ignored, failed };

  attempt try_start(child& c, origin why, time_point now);
  void now_running(child& c, time_point now);
  void start_ignored(child& c, time_point now);
  void start_failed(child& c, const caf::error& reason, time_point now);
  void fail_pending(child& c, std::string why, time_point now);
  void boot_failed(child& c, const caf::error& reason, time_point now);
  void request_restart(child& c, time_point now);
  void restart_now(child& c, time_point now);
  bool add_static(slice& work);
  bool start_members(time_point now, slice& work);

  // -- plans (core_plan.cpp) --------------------------------------------------

  void plan_group(child& culprit, time_point now);
  void plan_stop(caf::error reason, time_point now);
  void stop_from(std::uint64_t first);
  bool enlist(child& c);
  bool is_member(const child& c) const;
  void cancel_plan();
  bool spent(slice& work, int cost = 1) const;
  void advance(time_point now);
  bool stop_members(time_point now, slice& work);
  void run_deferred(time_point now);
  void stop_is_due(time_point now);
  void finish(caf::error reason);

  // -- stopping (core_stop.cpp) -----------------------------------------------

  void ask(child& c, time_point now);
  void kill(child& c, time_point now);
  void limit_is_over(child& c, time_point now);
  time_point patience(const child& c, time_point now);
  void check_thread(child& c, time_point now);
  void abandon(child& c, time_point now);
  void was_stopped(child& c, exit_class why, const std::string& reason,
                   time_point now);
  void ended_by_itself(child& c, exit_class why, time_point now);
  void check_auto_shutdown(bool significant, time_point now);
  void forget_or_keep(child& c);
  void give_up(child& c, time_point now);

  // -- draining (core_drain.cpp) ----------------------------------------------

  /// What a supervisor below has to answer, once a deadline has passed that was
  /// its own as well.
  static constexpr auto margin = std::chrono::milliseconds{100};

  void begin_draining(time_point now);
  void select(const drain_op& op);
  void advance_drain(time_point now);
  void drain_ask(child& c, time_point now);
  void drained(child& c, ended how, time_point now);
  bool settled(const drain_op& op, time_point now) const;
  bool excused(const child& c) const;
  time_point drain_deadline() const;
  time_point drain_due(time_point now) const;
  drain_report report_now(time_point now) const;
  child_outcome outcome_of(const child& c, ended how, time_point now) const;

  // -- force (core_force.cpp) -------------------------------------------------

  void advance_force(time_point now);
  void force_child(child& c, time_point now);
  /// Whether `c` has its last limit: past that it is let go.
  bool is_forced(const child& c) const {
    return c.kill_sent || alive_below_.contains(c.order);
  }
  void force_done(child& c, ended how, time_point now);
  void below(const child& c, ended how, force_report& report);
  void answer_forces(time_point now);
  void end_if_empty();

  // -- the books (core_books.cpp) ---------------------------------------------

  child& add(std::string name, child_spec_ptr spec);
  void remove(child& c);
  void take_handle(child& c, start_result& r, child_state s, time_point now);
  void lose_handle(child& c, std::string reason);
  void set_state(child& c, child_state s);
  void set_due(child& c, time_point due);
  void recount(child& c);
  void proceed_soon(pace how = pace::at_once);
  bool refuses(ticket t);
  bool knows_number(const std::string& name) const;
  void answer_starts(child& c);
  void answer_starts(child& c, const caf::error& reason);
  void answer_stops(child& c);
  void answer_group_waits();
  auto still() {
    return [this](std::uint64_t order, time_point due) {
      auto c = find(order);
      return c != nullptr && c->due == due;
    };
  }
  void defer(later f) { deferred_.push_back(std::move(f)); }
  bool busy() const { return plan_.what != activity::none; }
  child* find(std::uint64_t order) { return children_.find(order); }
  bool simple() const {
    return options_.strategy == strategy::simple_one_for_one;
  }
  std::string where(const child& c) const {
    return "child '" + c.name + "' of " + children_.path();
  }

  supervisor_options options_;
  board& children_;
  core_host& host_;
  restart_limit limit_;
  seeded_random random_;
  timers timers_;
  child_spec_ptr template_;
  child_specs static_; ///< What it was told to start.
  std::uint64_t last_number_ = 0;
  std::uint64_t last_start_ = 0;

  plan plan_;
  std::deque<later> deferred_;
  std::unordered_map<std::uint64_t, unheard> unheard_;
  std::deque<std::uint64_t> retries_;
  std::vector<ticket> awaiting_;
  bool booted_ = false;  ///< It knows what to start.
  bool running_ = false; ///< It has started it.
  bool over_ = false;
  bool advancing_ = false;
  bool proceed_due_ = false;
  bool unhurried_due_ = false;
  time_point stop_deadline_ = no_time;

  bool draining_ = false;
  bool end_when_empty_ = false;
  std::vector<drain_op> drains_;
  std::deque<std::uint64_t> drain_queue_;
  bool drain_paused_ = false; ///< `proceed` goes on with it.
  std::uint64_t drain_current_ = 0;
  time_point drain_patience_ = no_time;
  std::size_t drain_alive_ = 0;
  drain_report done_;
  /// Who ended after the last drain was answered, as one of those it left: a
  /// force speaks for them by name.
  std::vector<child_outcome> late_;
  /// What supervisors below said is left, by the child's order.
  std::map<std::uint64_t, std::vector<child_outcome>> left_below_;
  std::vector<force_op> forces_;
  std::deque<std::uint64_t> force_queue_;
  bool force_paused_ = false; ///< `proceed` goes on with it.
  /// How many were alive below those that were forced, by the child's order.
  std::map<std::uint64_t, std::int64_t> alive_below_;
  time_point last_kill_{}; ///< When the last one that was killed was down.

  /// Children that were stopped with their group while somebody waited for
  /// their start: the group's restart brings them back.
  std::set<std::uint64_t> group_waits_;

  /// Requests for a child that is being stopped.
  std::unordered_multimap<std::uint64_t, later> after_stop_;
  std::int64_t significant_ = 0; ///< Active or about to be.
  child_counts counts_;
};

} // namespace hololoom::supervision
