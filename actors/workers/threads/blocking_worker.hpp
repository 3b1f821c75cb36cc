#pragma once

#include <hololoom/actors/workers/threads/thread_run.hpp>
#include <hololoom/actors/workers/worker_actor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

namespace hololoom::detail {

/// The actor of a function on a thread of its own. An exit message sets the
/// function's stop token, and the actor ends when the function has returned. A
/// kill ends the actor at once and abandons the thread. It never blocks itself.
class blocking_worker final : public worker_actor {
public:
  blocking_worker(caf::actor_config& cfg,
                  std::function<void(std::stop_token)> body);

  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "blocking"; }

  // -- child_probe ------------------------------------------------------------

  std::optional<work_note> doing() const override { return thread_->note(); }
  bool can_be_killed() const override { return !thread_->running(); }
  bool awaits_drain() const override { return thread_->awaits_drain(); }

private:
  void on_stop() override;

  std::function<void(std::stop_token)> body_;
  const std::shared_ptr<thread_run> thread_ = std::make_shared<thread_run>();
};

} // namespace hololoom::detail
