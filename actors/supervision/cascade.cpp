#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/actors/supervision/cascade_hooks.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

namespace hololoom {

namespace {

/// The time of phase `epoch` is up.
struct phase_limit {
  std::uint64_t epoch = 0;
};

} // namespace

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1500, hololoom::phase_limit)

namespace hololoom {

namespace {

using clock_type = caf::actor_clock::clock_type;

/// Runs the five phases. Owned by the code that spawned it. Asks the root
/// supervisor and the buffer, which may be gone at any moment: every request
/// has an error branch, and every wait a limit of its own. Never blocks.
class cascade {
public:
  static constexpr const char* name = "cascade";

  cascade(caf::event_based_actor* self, cascade_plan plan)
    : self_(self), plan_(std::move(plan)), hooks_(self) {}

  caf::behavior make_behavior() {
    self_->set_down_handler([this](const caf::down_msg&) { root_ended(); });
    return {
      [this](begin_cascade& x) { return join(x); },
      [this](const hurry_cascade&) { hurry(); },
      [this](const phase_limit& x) { limit_reached(x.epoch); },
      [this](const hook_ended& x) {
        hooks_.ended(x);
        leave_if_done();
      },
      [this](const hook_limit& x) {
        hooks_.limit_reached(x);
        leave_if_done();
      },
      [this](const flush_progress&) { progress(); },
    };
  }

private:
  // -- the way through the phases -----------------------------------------------

  caf::result<shutdown_report> join(begin_cascade& x) {
    if (complete_)
      return report_;
    auto promise = self_->make_response_promise<shutdown_report>();
    waiting_.push_back(promise);
    if (!began_) {
      began_ = self_->clock().now();
      report_.reason = std::move(x.reason);
      report_.requested_by = std::move(x.requested_by);
      report_.started_at = now();
      if (plan_.hooks)
        hooks_.take(plan_.hooks());
      enter(cascade_phase::refuse);
    }
    return promise;
  }

  void enter(cascade_phase phase) {
    phase_ = phase;
    ++epoch_;
    entered_ = self_->clock().now();
    work_done_ = false;
    problem_ = nothing;
    if (plan_.on_phase)
      plan_.on_phase(phase);
    hooks_.start(phase);
    switch (phase) {
      case cascade_phase::refuse: refuse(); break;
      case cascade_phase::signal: signal(); break;
      case cascade_phase::flush: flush(); break;
      case cascade_phase::force: force(); break;
      case cascade_phase::stores: close_stores(); break;
    }
  }

  /// The phase's own work is over, well or with a problem.
  void done(maybe<std::string> problem = nothing) {
    if (work_done_)
      return;
    work_done_ = true;
    problem_ = std::move(problem);
    leave_if_done();
  }

  void leave_if_done() {
    if (!work_done_ || complete_ || !hooks_.idle())
      return;
    report_.phases.push_back(
      {std::string{name_of(phase_)}, since(entered_), problem_});
    hooks_.report(report_.phases);
    if (phase_ == cascade_phase::stores)
      finish();
    else
      enter(static_cast<cascade_phase>(static_cast<int>(phase_) + 1));
  }

  void limit_reached(std::uint64_t epoch) {
    if (epoch != epoch_ || work_done_)
      return;
    if (self_->clock().now() < due_)
      return wait();
    switch (phase_) {
      case cascade_phase::flush: check_flush(); break;
      case cascade_phase::stores: store_timed_out(); break;
      case cascade_phase::force:
        if (goes_on())
          return arm(plan_.limits.slack);
        [[fallthrough]];
      default: done("the root supervisor did not answer in time"); break;
    }
  }

  // -- phase 1 and 2 --------------------------------------------------------------

  void refuse() {
    if (plan_.refuse)
      plan_.refuse(self_);
    done();
  }

  void signal() {
    auto grace = hurried_ ? least_grace() : plan_.limits.grace;
    arm(grace + plan_.limits.slack);
    drain_producers(entered_ + ticks(grace));
  }

  void drain_producers(clock_type::time_point deadline) {
    ask(drain_request{plan_.producers, deadline, false},
        [this](const drain_report& x) {
          drained_ = x;
          survivors_ = x.survivors;
          cut();
        });
  }

  void hurry() {
    hurried_ = true;
    if (began_ && phase_ == cascade_phase::signal && !work_done_)
      drain_producers(
        std::max(self_->clock().now(), entered_ + ticks(least_grace())));
  }

  /// What a hurried cascade leaves those that it has just told to end: a turn,
  /// without which healthy children would be killed as if they were stuck.
  millis least_grace() const {
    return std::min(plan_.limits.grace, millis{100});
  }

  /// The grace is over: requests that still wait for a weave fail.
  void cut() {
    if (std::exchange(cut_, true))
      return;
    if (!plan_.cut)
      return done();
    plan_.cut(self_, [this, epoch = epoch_](weave_tally tally) {
      report_.weaves = tally;
      if (epoch == epoch_)
        done();
    });
  }

  // -- phase 3 ----------------------------------------------------------------------

  void flush() {
    auto buffer = plan_.buffer ? plan_.buffer() : reflection_actor{};
    if (!buffer)
      return flush_failed("the buffer does not run; what it acknowledged "
                          "before is on disk");
    moved_ = entered_;
    arm(plan_.limits.flush_stall);
    self_->request(buffer, caf::infinite, flush_request{true})
      .then(
        [this, epoch = epoch_](const flush_ack& x) {
          if (epoch != epoch_ || work_done_)
            return;
          report_.flush.acknowledged = true;
          report_.flush.episodes = x.episodes;
          report_.flush.at = since(*began_);
          report_.flush.took = since(entered_);
          done();
        },
        [this, epoch = epoch_](const caf::error& err) {
          if (epoch == epoch_ && !work_done_)
            flush_failed(is(err, errc::crashed) || code_of(err) == errc::crashed
                           ? "the buffer went down during the flush"
                           : explain(err));
        });
  }

  /// The buffer says so only when something reached the disk: while one large
  /// commit is written its numbers stay, and it moves all the same.
  void progress() {
    if (phase_ == cascade_phase::flush)
      moved_ = self_->clock().now();
  }

  void check_flush() {
    auto still = since(moved_);
    if (still < plan_.limits.flush_stall)
      return arm(plan_.limits.flush_stall - still);
    flush_failed("the flush stood still for "
                 + std::to_string(static_cast<std::int64_t>(still.count()))
                 + " ms and was given up; what was acknowledged is on disk");
  }

  void flush_failed(std::string why) {
    report_.flush.took = since(entered_);
    report_.flush.error = why;
    done(std::move(why));
  }

  // -- phase 4 ----------------------------------------------------------------------

  void force() {
    if (survivors_.empty())
      return done();
    arm(2 * (plan_.limits.slack + plan_.limits.kill_wait));
    force_survivors([this] { done(); });
  }

  /// Has the root force the survivors of a drain. Children that have ended
  /// meanwhile were not forced; if all have, there was no force.
  template <class F>
  void force_survivors(F then) {
    ask(force_request{},
        [this, then, at = since(*began_)](const force_report& x) {
          forced_.insert(forced_.end(), x.outcomes.begin(), x.outcomes.end());
          auto any = std::any_of(x.outcomes.begin(), x.outcomes.end(),
                                 [](const auto& y) { return y.forced; });
          if (any && !report_.first_force_at)
            report_.first_force_at = at;
          then();
        });
  }

  // -- phase 5 ----------------------------------------------------------------------

  void close_stores() {
    left_ = plan_.stores;
    arm(plan_.limits.slack);
    auto buffer = plan_.buffer ? plan_.buffer() : reflection_actor{};
    if (!buffer)
      return close_next_store();
    self_->request(buffer, caf::infinite, reflection_status_query{})
      .then(
        [this, epoch = epoch_](const reflection_status& x) {
          report_.late_stores = x.late_stores;
          if (epoch == epoch_)
            close_next_store();
        },
        [this, epoch = epoch_](const caf::error&) {
          if (epoch == epoch_)
            close_next_store();
        });
  }

  void close_next_store() {
    // An answer that comes after its limit must not count twice.
    ++epoch_;
    if (left_.empty())
      return end_root();
    auto store = left_.back();
    left_.pop_back();
    arm(plan_.limits.store_limit + plan_.limits.slack
        + 2 * plan_.limits.kill_wait);
    drain_request request{
      {store}, self_->clock().now() + ticks(plan_.limits.store_limit), false};
    ask(std::move(request), [this](const drain_report& x) {
      drained_ = x;
      if (x.survivors.empty())
        return close_next_store();
      force_survivors([this] { close_next_store(); });
    });
  }

  void store_timed_out() {
    note_problem(ending_root_ ? "the root supervisor did not end in time"
                              : "a store did not close in time");
    if (ending_root_)
      done(store_problem_);
    else
      close_next_store();
  }

  void end_root() {
    ending_root_ = true;
    arm(plan_.limits.slack);
    self_->monitor(plan_.root);
    exit_high(plan_.root, caf::exit_reason::user_shutdown);
    // It ends when the child has that asked for the shutdown and waits for it.
    if (drained_.excused)
      done(store_problem_);
  }

  void root_ended() {
    if (ending_root_)
      done(store_problem_);
  }

  void finish() {
    complete_ = true;
    keep(listed(drained_));
    keep(forced_);
    // Children that the root did not account for are abandoned.
    for (auto& x : survivors_) {
      x.how = ended::abandoned;
      x.forced = true;
    }
    keep(survivors_);
    for (const auto& child : report_.children)
      if (child.how == ended::abandoned)
        report_.abandoned.push_back(child.name);
    hooks_.list_abandoned(report_.abandoned);
    report_.total = since(*began_);
    if (!report_.abandoned.empty())
      report_.exit_code = 75;
    else if (report_.flush.error)
      report_.exit_code = 74;
    for (auto& promise : waiting_)
      promise.deliver(report_);
    waiting_.clear();
  }

  // -- helpers ----------------------------------------------------------------------

  /// Asks the root; an answer that comes when the phase is over is dropped.
  template <class Request, class F>
  void ask(Request request, F f) {
    self_->request(plan_.root, caf::infinite, std::move(request))
      .then(
        [this, epoch = epoch_,
         f](const std::conditional_t<std::is_same_v<Request, drain_request>,
                                     drain_report, force_report>& x) {
          if (epoch == epoch_ && !work_done_)
            f(x);
        },
        [this, epoch = epoch_](const caf::error&) {
          if (epoch == epoch_ && !work_done_)
            done("the root supervisor was gone");
        });
  }

  void keep(const std::vector<child_outcome>& outcomes) {
    for (const auto& x : outcomes)
      if (known_.insert(x.name).second)
        report_.children.push_back(x);
  }

  void note_problem(std::string problem) {
    if (!store_problem_)
      store_problem_ = std::move(problem);
  }

  /// Whether children were down since the wait began: the root is busy with
  /// very many, and not stuck.
  bool goes_on() const { return plan_.alive && plan_.alive() < alive_; }

  void arm(millis limit) {
    alive_ = plan_.alive ? plan_.alive() : 0;
    due_ = self_->clock().now() + ticks(limit);
    wait();
  }

  void wait() {
    auto left = due_ - self_->clock().now();
    self_->delayed_send(
      self_, std::clamp<std::chrono::nanoseconds>(left, {}, longest_tick),
      phase_limit{epoch_});
  }

  static std::chrono::nanoseconds ticks(millis x) {
    return std::chrono::ceil<std::chrono::nanoseconds>(x);
  }

  millis since(clock_type::time_point t) const {
    return self_->clock().now() - t;
  }

  caf::event_based_actor* self_;
  cascade_plan plan_;
  hook_runner hooks_;

  shutdown_report report_;
  std::vector<caf::typed_response_promise<shutdown_report>> waiting_;
  std::optional<clock_type::time_point> began_;
  bool complete_ = false;
  bool hurried_ = false;

  cascade_phase phase_ = cascade_phase::refuse;
  /// Tells late answers and timers of an earlier wait from those of this one.
  std::uint64_t epoch_ = 0;
  clock_type::time_point entered_;
  /// When the wait of this epoch is over.
  clock_type::time_point due_;
  std::int64_t alive_ = 0; ///< Children that were not down when it began.
  bool work_done_ = false;
  maybe<std::string> problem_;

  /// The root's last report: all children that are down so far.
  drain_report drained_;
  std::vector<child_outcome> forced_;
  std::vector<child_outcome> survivors_;
  /// Names of the children that the report has.
  std::unordered_set<std::string> known_;
  bool cut_ = false;
  clock_type::time_point moved_;
  std::vector<std::string> left_;
  bool ending_root_ = false;
  maybe<std::string> store_problem_;
};

} // namespace

caf::actor spawn_cascade(caf::actor_system& system, cascade_plan plan,
                         bool own_thread) {
  return spawn_state_on<cascade, caf::actor>(own_thread, system,
                                             std::move(plan));
}

} // namespace hololoom
