#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/actors/supervision/cascade/flush_phase.hpp>
#include <hololoom/actors/supervision/cascade/force_phase.hpp>
#include <hololoom/actors/supervision/cascade/hooks.hpp>
#include <hololoom/actors/supervision/cascade/report.hpp>
#include <hololoom/actors/supervision/cascade/signal_phase.hpp>
#include <hololoom/actors/supervision/cascade/store_phase.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace hololoom {

namespace {

/// Leads from one phase to the next. Owned by the code that spawned it. Asks
/// the root supervisor and the buffer, which may be gone or stuck at any
/// moment: every request has an error branch, and every wait a limit of its
/// own. Never blocks.
class cascade {
public:
  static constexpr const char* name = "cascade";

  cascade(caf::event_based_actor* self, cascade_plan plan, bool own_thread)
    : self_(self), run_(self, std::move(plan), own_thread), hooks_(self) {
    run_.on_done = [this] {
      leave_if_done();
    };
    run_.on_tree_down = [this](maybe<std::string> problem) {
      tree_is_down(std::move(problem));
    };
  }
  cascade(const cascade&) = delete;
  cascade& operator=(const cascade&) = delete;

  caf::behavior make_behavior() {
    self_->set_down_handler(
      [this](const caf::down_msg& x) { stores_.is_down(x); });
    return {
      [this](begin_cascade& x) { return join(x); },
      [this](const hurry_cascade&) {
        hooks_.hurry();
        signal_.hurry();
      },
      [this](const phase_limit& x) { limit_reached(x.epoch); },
      [this](const hook_ended& x) {
        hooks_.ended(x);
        leave_if_done();
      },
      [this](const hook_limit& x) {
        hooks_.limit_reached(x);
        leave_if_done();
      },
      [this](const flush_progress&) { flush_.progress(); },
      [this](forced_end_tick) { run_.forced.tick(); },
    };
  }

private:
  caf::result<shutdown_report> join(begin_cascade& x) {
    if (!run_.plan.names || !run_.plan.root)
      return failure(errc::invalid_spec,
                     "the plan of a cascade needs `root`, and `names`, the "
                     "directory that its tree was started with");
    if (complete_)
      return run_.report;
    auto promise = self_->make_response_promise<shutdown_report>();
    waiting_.push_back(promise);
    if (!std::exchange(has_begun_, true)) {
      run_.began = run_.clock();
      run_.report.reason = std::move(x.reason);
      run_.report.requested_by = std::move(x.requested_by);
      run_.report.started_at = now();
      enter(cascade_phase::refuse);
    }
    return promise;
  }

  void enter(cascade_phase phase) {
    run_.enter(phase);
    if (run_.plan.on_phase)
      run_.plan.on_phase(phase);
    if (run_.plan.hooks)
      hooks_.start(run_.plan.hooks(phase));
    switch (phase) {
      case cascade_phase::refuse: run_.done(); break;
      case cascade_phase::signal: signal_.begin(); break;
      case cascade_phase::flush: flush_.begin(); break;
      case cascade_phase::force: force_.begin(); break;
      case cascade_phase::stores: stores_.begin(); break;
    }
  }

  /// Goes on when the phase's own work is over, and its hooks are.
  void leave_if_done() {
    if (!run_.is_over() || complete_ || !hooks_.idle())
      return;
    run_.report.phases.push_back({std::string{name_of(run_.phase)},
                                  run_.since(run_.entered), run_.problem()});
    hooks_.report(run_.report.phases);
    if (run_.phase == cascade_phase::refuse && run_.plan.refuse)
      run_.plan.refuse(self_);
    if (run_.phase == cascade_phase::stores)
      finish();
    else
      enter(static_cast<cascade_phase>(static_cast<int>(run_.phase) + 1));
  }

  void limit_reached(std::uint64_t epoch) {
    if (!run_.awaits(epoch))
      return;
    if (run_.clock() < run_.due) {
      if (run_.clock() >= run_.reminder)
        signal_.ask_directly();
      return run_.wait();
    }
    switch (run_.phase) {
      case cascade_phase::refuse: return;
      case cascade_phase::signal: return signal_.cut();
      case cascade_phase::flush: return flush_.limit_reached();
      case cascade_phase::force: return force_.limit_reached();
      case cascade_phase::stores: return stores_.limit_reached();
    }
  }

  void tree_is_down(maybe<std::string> problem) {
    if (run_.phase == cascade_phase::force)
      force_.tree_is_down(std::move(problem));
    else if (run_.phase == cascade_phase::signal)
      problem ? run_.done(std::move(problem)) : signal_.cut();
  }

  void finish() {
    complete_ = true;
    auto& report = run_.report;
    account_for_children(report, run_.forced, run_.seen,
                         run_.plan.names->ledger(), run_.since(run_.signaled));
    const auto& failures = run_.plan.names->failures();
    report.failures = failures.lines();
    report.failures_left_out = failures.left_out();
    hooks_.list_abandoned(report.abandoned);
    report.total = run_.since(run_.began);
    if (!report.abandoned.empty() || report.first_force_at)
      exits_with(report, exit_code::forced);
    else if (report.flush.error)
      exits_with(report, exit_code::io);
    for (auto& promise : waiting_)
      promise.deliver(report);
    waiting_.clear();
  }

  caf::event_based_actor* self_;
  cascade_run run_;
  hook_runner hooks_;
  signal_phase signal_{run_};
  flush_phase flush_{run_};
  force_phase force_{run_};
  store_phase stores_{run_};
  std::vector<caf::typed_response_promise<shutdown_report>> waiting_;
  bool has_begun_ = false;
  bool complete_ = false;
};

} // namespace

caf::actor spawn_cascade(caf::actor_system& system, cascade_plan plan,
                         bool own_thread) {
  return spawn_state_on<cascade, caf::actor>(own_thread, system,
                                             std::move(plan), own_thread);
}

} // namespace hololoom
