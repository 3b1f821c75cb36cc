#include <hololoom/actors/shuttle/protocol.hpp>
#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/messages/caf/actor_system.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/json/write.hpp>
#include <hololoom/runtime/inside/loom_impl.hpp>

#include <caf/actor_registry.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <string>
#include <thread>
#include <utility>

// How a loom closes: the cascade runs as an actor on a thread of its own; a
// plain thread waits for it, writes the report and takes the system down.

namespace hololoom::detail {

using namespace std::chrono_literals;

// -- what the cascade needs from the loom ------------------------------------------

cascade_plan loom_impl::plan() {
  cascade_plan result;
  result.root = root_;
  result.producers = {part::shuttle, part::weavers, part::workers};
  result.stores = {part::reflection, part::yarn};
  result.limits.grace = cfg_.shutdown.grace;
  result.limits.flush_stall = cfg_.shutdown.flush_stall;
  result.limits.store_limit = cfg_.shutdown.store_limit;
  result.limits.kill_wait = cfg_.shutdown.kill_wait;
  result.alive = [names = names_] {
    return names->alive_below("root");
  };
  // The cascade never outlives the loom, which ends it: no cycle.
  result.refuse = [this](caf::event_based_actor* self) {
    if (auto shuttle = find<local_shuttle_actor>(part::shuttle))
      self->request(shuttle, caf::infinite, begin_drain{})
        .then([](const shuttle_status&) {}, [](const caf::error&) {});
  };
  result.buffer = [this] {
    return find<reflection_actor>(part::reflection);
  };
  result.cut = [this](caf::event_based_actor* self,
                      const std::function<void(weave_tally)>& done) {
    cut_weaves(self, done);
  };
  result.on_phase = [this](cascade_phase phase) {
    if (phase != cascade_phase::refuse && phase != cascade_phase::signal)
      gate_->enter(loom_state::closing);
  };
  result.hooks = [this] {
    std::lock_guard guard{closing_};
    hooks_taken_ = true;
    return std::move(hooks_);
  };
  return result;
}

void loom_impl::cut_weaves(caf::event_based_actor* self,
                           const std::function<void(weave_tally)>& done) {
  auto answer = [this, done] {
    done(gate_->counts()->tally());
  };
  auto shuttle = find<local_shuttle_actor>(part::shuttle);
  if (!shuttle)
    return answer();
  self->request(shuttle, 500ms, hololoom::cut_weaves{})
    .then([answer](const shuttle_status&) { answer(); },
          [answer](const caf::error&) { answer(); });
}

// -- closing ---------------------------------------------------------------------

std::shared_future<shutdown_report> loom_impl::close(std::string reason,
                                                     std::string requested_by,
                                                     bool from_inside) {
  std::lock_guard guard{closing_};
  if (from_inside)
    closed_from_inside_ = true;
  if (report_.valid())
    return report_;
  gate_->enter(loom_state::draining);
  std::promise<shutdown_report> promise;
  report_ = promise.get_future().share();
  closer_ =
    std::thread{[this, promise = std::move(promise), reason = std::move(reason),
                 requested_by = std::move(requested_by)]() mutable {
      auto report = run_cascade(reason, requested_by);
      auto after = report;
      auto inside = closed_from_inside_.load();
      if (!inside)
        await_actors(report);
      all_gone_ = report.abandoned.empty();
      write_report(report);
      dir_.reset();
      gate_->enter(loom_state::closed);
      promise.set_value(std::move(report));
      if (inside) {
        // Whoever waited for the report in there can end only now.
        await_actors(after);
        all_gone_ = after.abandoned.empty();
      }
    }};
  return report_;
}

void loom_impl::hurry() {
  std::lock_guard guard{closing_};
  if (report_.valid() && cascade_)
    caf::anon_send<caf::message_priority::high>(cascade_, hurry_cascade{});
}

caf::error loom_impl::add_hook(shutdown_hook hook) {
  std::lock_guard guard{closing_};
  // A loom that has failed is still closed, with all that was to be done then.
  if (hooks_taken_ || report_.valid())
    return failure(errc::shutting_down, "cannot add the shutdown hook \""
                                          + hook.name
                                          + "\": the cascade has begun");
  hooks_.push_back(std::move(hook));
  return {};
}

void loom_impl::leave() {
  if (closer_.joinable())
    closer_.join();
  leave_system();
}

shutdown_report loom_impl::run_cascade(const std::string& reason,
                                       const std::string& requested_by) {
  auto report = porter_
                  ->ask<shutdown_report>(nullptr, cascade_,
                                         begin_cascade{reason, requested_by})
                  .get();
  exit_high(cascade_, caf::exit_reason::user_shutdown);
  porter_->close();
  {
    std::lock_guard guard{closing_};
    cascade_ = nullptr;
    root_ = nullptr;
  }
  auto weaves = gate_->close_tally();
  if (report) {
    // Those included that came, or ended, after the cascade had counted.
    report->weaves = weaves;
    return std::move(*report);
  }
  shutdown_report failed;
  failed.reason = reason;
  failed.requested_by = requested_by;
  failed.flush.error = "the cascade failed: " + explain(report.error());
  failed.exit_code = 70;
  return failed;
}

void loom_impl::await_actors(shutdown_report& report) {
  if (!own_system_ || !report.abandoned.empty())
    return;
  auto wait = std::chrono::ceil<std::chrono::milliseconds>(
    cfg_.shutdown.kill_wait + millis{1'000});
  std::promise<void> promise;
  auto all_gone = promise.get_future();
  auto* registry = &own_system_->registry();
  std::thread waiter{[registry, promise = std::move(promise)]() mutable {
    registry->await_running_count_equal(0);
    promise.set_value();
  }};
  if (all_gone.wait_for(wait) == std::future_status::ready)
    return waiter.join();
  waiter.detach();
  report.abandoned.push_back(std::to_string(registry->running())
                             + " actors outside the tree");
  report.exit_code = 75;
}

void loom_impl::leave_system() {
  if (!own_system_)
    return;
  // CAF's destructor waits for ever: for actors, and for each thread that has
  // used the system and still lives, because CAF remembers the last system of
  // a thread. So this thread forgets it, another one destroys it, and past a
  // moment it is left behind.
  forget_actor_system();
  auto* system = own_system_.release();
  auto* system_config = system_config_.release();
  if (!all_gone_)
    return;
  std::promise<void> promise;
  auto destroyed = promise.get_future();
  std::thread destroyer{[=, promise = std::move(promise)]() mutable {
    delete system;
    delete system_config;
    promise.set_value();
  }};
  if (destroyed.wait_for(1s) == std::future_status::ready)
    return destroyer.join();
  destroyer.detach();
  log_->warn("a thread that used the actor system still lives; the system is "
             "left behind");
}

void loom_impl::keep_report(const std::filesystem::path& file,
                            std::string text) {
  // A disk that hangs must not keep anybody from the end.
  std::promise<caf::error> promise;
  auto kept = promise.get_future();
  std::thread writer{
    [file, text = std::move(text), promise = std::move(promise)]() mutable {
      promise.set_value(write_atomically(file, text));
    }};
  if (kept.wait_for(1s) != std::future_status::ready) {
    writer.detach();
    return log_->warn("{} was not written within a second; the disk may hang",
                      file.string());
  }
  writer.join();
  if (auto err = kept.get())
    log_->warn("{}", explain(err));
}

void loom_impl::write_report(shutdown_report& report) {
  // Names and reasons come from the user: no byte of them stops the end.
  auto text = pretty_json(json_text(report)) + "\n";
  if (dir_)
    keep_report(dir_->last_shutdown(), std::move(text));
  log_->log(report.exit_code == 0 ? spdlog::level::info : spdlog::level::warn,
            "closed ({}) in {:.0f} ms: {} children, {} episodes flushed{}, {} "
            "abandoned, exit code {}",
            report.reason, report.total.count(), report.children.size(),
            report.flush.episodes,
            report.flush.error ? " (" + *report.flush.error + ")"
                               : std::string{},
            report.abandoned.size(), report.exit_code);
  log_->flush();
}

} // namespace hololoom::detail
