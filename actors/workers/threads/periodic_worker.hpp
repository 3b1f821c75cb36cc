#pragma once

#include <hololoom/actors/workers/background.hpp>
#include <hololoom/actors/workers/coroutine/wake_service.hpp>
#include <hololoom/actors/workers/threads/thread_run.hpp>
#include <hololoom/actors/workers/worker_actor.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace hololoom::detail {

/// The first beat after `now` on the grid of `interval` (> 0) through `last`: a
/// worker that is late skips the beats it missed.
caf::actor_clock::time_point next_beat(caf::actor_clock::time_point last,
                                       caf::timespan interval,
                                       caf::actor_clock::time_point now);

/// The actor of a periodic function: calls it on each beat, in its own handler
/// or, if the function may block, on a thread. An exit message ends it after
/// the current run; a kill abandons the thread of that run.
class periodic_worker final : public worker_actor {
public:
  periodic_worker(caf::actor_config& cfg, caf::timespan interval,
                  std::function<void()> body, periodic_options options);

  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "periodic"; }

  // -- child_probe ------------------------------------------------------------

  std::optional<work_note> doing() const override;
  bool can_be_killed() const override { return !thread_->running(); }
  bool awaits_drain() const override {
    return worker_actor::awaits_drain() || thread_->awaits_drain();
  }

private:
  void on_stop() override;
  void beat();
  void done(caf::error reason);
  void schedule();

  caf::timespan interval_;
  std::function<void()> body_;
  periodic_options options_;
  caf::actor_clock::time_point due_;
  wake_ticket ticket_;
  const std::shared_ptr<thread_run> thread_ = std::make_shared<thread_run>();
  bool on_thread_ = false;
  std::uint64_t failures_ = 0;
  /// When the current run in the handler began, on the steady clock; 0 if there
  /// is none.
  std::atomic<caf::actor_clock::time_point::rep> running_since_ = 0;
};

} // namespace hololoom::detail
