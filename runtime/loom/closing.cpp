#include <hololoom/actors/shuttle/protocol.hpp>
#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/messages/caf/actor_system.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/json/write.hpp>
#include <hololoom/runtime/loom/loom_impl.hpp>

#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

// How a loom closes: the cascade runs as an actor on a thread of its own; a
// plain thread waits for it, writes the report and takes the system down.

namespace hololoom::detail {

using namespace std::chrono_literals;

namespace {

/// Writes `text` to `file`. A disk that hangs must not keep the loom open.
void keep_report(const std::filesystem::path& file, std::string text,
                 outlet& writer, logger& log) {
  auto err = std::make_shared<caf::error>();
  auto returned = returns_within(writer, 1s, [=, text = std::move(text)] {
    *err = write_atomically(file, text);
  });
  if (!returned)
    log_warning(log, file.string()
                       + " was not written within a second; the disk may hang");
  else if (*err)
    log_warning(log, explain(*err));
}

std::string summary_of(const shutdown_report& x) {
  return "closed (" + x.reason + ") in "
       + std::to_string(std::llround(x.total.count()))
       + " ms: " + std::to_string(x.children.size()) + " children, "
       + std::to_string(x.flush.episodes) + " episodes flushed"
       + (x.flush.error ? " (" + *x.flush.error + ")" : "") + ", "
       + std::to_string(x.abandoned.size()) + " abandoned, exit code "
       + std::to_string(x.exit_code);
}

/// The shuttle with its local interface; null while it is restarting.
local_shuttle_actor local_shuttle(const directory& names) {
  return caf::actor_cast<local_shuttle_actor>(
    names.find(path_of(part::shuttle)));
}

} // namespace

// -- what the cascade needs from the loom ------------------------------------------

cascade_plan loom_impl::plan(supervisor_actor root) {
  cascade_plan result;
  result.root = std::move(root);
  result.names = names_;
  result.stores = {part::reflection.name, part::yarn.name};
  result.limits.grace = cfg_.shutdown.grace;
  result.limits.flush_stall = cfg_.shutdown.flush_stall;
  result.limits.store_limit = cfg_.shutdown.store_limit;
  result.limits.kill_wait = cfg_.shutdown.kill_wait;
  // `this` outlives the cascade, which is ended before the loom is: no cycle.
  result.refuse = [this](caf::event_based_actor* self) {
    admission_->end_last_words();
    if (auto shuttle = local_shuttle(*names_))
      self->request(shuttle, caf::infinite, begin_drain{})
        .then([](const shuttle_status&) {}, [](const caf::error&) {});
  };
  result.buffer = [this] {
    return find(part::reflection);
  };
  result.cut = [this](caf::event_based_actor* self,
                      const std::function<void(weave_tally)>& done) {
    cut_weaves(self, done);
  };
  result.on_phase = [this](cascade_phase phase) {
    if (phase != cascade_phase::refuse && phase != cascade_phase::signal)
      admission_->enter(loom_state::closing);
  };
  result.hooks = [this](cascade_phase phase) {
    return hooks_.take(phase);
  };
  return result;
}

cascade_plan loom_impl::opening_plan(supervisor_actor root) {
  auto result = plan(std::move(root));
  result.buffer = nullptr;
  result.limits.store_limit =
    std::min(result.limits.store_limit, result.limits.grace);
  return result;
}

void loom_impl::cut_weaves(caf::event_based_actor* self,
                           const std::function<void(weave_tally)>& done) {
  auto answer = [this, done] {
    done(admission_->counts()->tally());
  };
  auto shuttle = local_shuttle(*names_);
  if (!shuttle)
    return answer();
  self->request(shuttle, 500ms, hololoom::cut_weaves{})
    .then([answer](const shuttle_status&) { answer(); },
          [answer](const caf::error&) { answer(); });
}

// -- closing ---------------------------------------------------------------------

std::shared_future<shutdown_report> loom_impl::close(std::string reason,
                                                     std::string requested_by) {
  outlet::excuse_caller();
  lock_guard guard{closing_};
  if (std::exchange(closes_, true))
    return report_;
  admission_->enter(loom_state::draining);
  backups_end_.request_stop();
  closer_->post(
    [this, reason = std::move(reason), requested_by = std::move(requested_by)] {
      run_closing(reason, requested_by);
      forget_actor_system();
    });
  return report_;
}

std::shared_future<shutdown_report> loom_impl::await_close() {
  std::string failure;
  {
    lock_guard guard{closing_};
    closes_on_failure_ = true;
    failure = failure_;
  }
  if (!failure.empty())
    close(failure, "");
  return report_;
}

void loom_impl::fail(const std::string& why, const std::string& essential) {
  {
    lock_guard guard{closing_};
    if (closes_)
      return;
    if (failure_.empty())
      failure_ = why;
    if (!closes_on_failure_ && essential.empty())
      return;
  }
  close(why, essential);
}

bool loom_impl::lend_thread() {
  auto most = std::max<std::size_t>(system_->scheduler().num_workers(), 2) - 1;
  return lent_threads_++ < most;
}

void loom_impl::run_closing(const std::string& reason,
                            const std::string& requested_by) {
  auto report = run_cascade(reason, requested_by);
  names_->close_stand_ins();
  settle_subscribers(report);
  all_ended_ = report.abandoned.empty();
  // A worker that waits for the report can end only once it has it.
  auto worker_waits = closed_from_inside_.load();
  if (all_ended_ && !worker_waits) {
    if (auto running = await_actors()) {
      all_ended_ = false;
      report.abandoned.push_back(std::to_string(running)
                                 + " actors outside the tree");
      exits_with(report, exit_code::forced);
    }
  }
  write_report(report);
  dir_.reset();
  admission_->enter(loom_state::closed);
  end_waits_for_workers(report);
  outcome_.set_value(std::move(report));
  if (all_ended_ && worker_waits)
    all_ended_ = await_actors() == 0;
}

void loom_impl::hurry() {
  lock_guard guard{closing_};
  hurried_ = closes_;
  if (closes_ && cascade_)
    caf::anon_send<caf::message_priority::high>(cascade_, hurry_cascade{});
}

caf::error loom_impl::add_hook(shutdown_hook hook) {
  if (hook.phase == cascade_phase::refuse && hook.run)
    hook.run = [run = std::move(hook.run), admission = admission_] {
      last_words mark{*admission};
      run();
    };
  return hooks_.add(std::move(hook));
}

void loom_impl::leave() {
  closer_->settle(outlet::time_point::max());
  leave_system();
}

shutdown_report loom_impl::run_cascade(const std::string& reason,
                                       const std::string& requested_by) {
  auto cascade = [this] {
    lock_guard guard{closing_};
    return cascade_;
  }();
  auto report =
    bridge_
      ->ask<shutdown_report>(
        cascade, caf::make_message(begin_cascade{reason, requested_by}))
      .get();
  exit_high(cascade, caf::exit_reason::user_shutdown);
  bridge_->close();
  auto had_failed = [this] {
    lock_guard guard{closing_};
    cascade_ = nullptr;
    root_ = nullptr;
    return !failure_.empty();
  }();
  auto weaves = admission_->close_tally();
  if (report) {
    // Includes the weaves that came or ended after the cascade had counted.
    report->weaves = weaves;
    if (had_failed)
      exits_with(*report, exit_code::unavailable);
    return std::move(*report);
  }
  shutdown_report failed;
  failed.reason = reason;
  failed.requested_by = requested_by;
  failed.flush.error = "the cascade failed: " + explain(report.error());
  exits_with(failed, exit_code::internal);
  return failed;
}

std::size_t loom_impl::await_actors() const {
  if (!own_system_)
    return 0;
  return own_system_->await_actors(std::chrono::ceil<std::chrono::milliseconds>(
    cfg_.shutdown.kill_wait + millis{1'000}));
}

void loom_impl::leave_system() {
  // The system's end waits for actors that have ended and are referred to.
  if (all_ended_)
    names_->ledger().forget_ended();
  if (own_system_ && !all_ended_)
    own_system_->abandon();
  else if (own_system_ && !own_system_->destroy())
    log_warning(*log_, "a thread that used the actor system still lives; the "
                       "system is left behind");
  own_system_ = nullptr;
  if (log_)
    log_->flush(cfg_.shutdown.kill_wait);
}

void loom_impl::write_report(shutdown_report& report) {
  (report.exit_code == 0 ? log_info : log_warning)(*log_, summary_of(report));
  settle_log(report);
  if (dir_)
    keep_report(dir_->last_shutdown(), pretty_json(json_text(report)) + "\n",
                *writer_, *log_);
}

} // namespace hololoom::detail
