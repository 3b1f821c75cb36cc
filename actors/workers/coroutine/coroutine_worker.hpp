#pragma once

#include <hololoom/actors/workers/coroutine/task_context.hpp>
#include <hololoom/actors/workers/coroutine/wake_service.hpp>
#include <hololoom/actors/workers/worker_actor.hpp>

#include <functional>
#include <optional>

namespace hololoom::detail {

/// The actor that hosts a coroutine. It ends when the coroutine does, and takes
/// the coroutine's frame along. An exit message cancels the coroutine; a kill
/// destroys it where it waits. It never blocks.
class coroutine_worker final : public worker_actor, public task_runner {
public:
  coroutine_worker(caf::actor_config& cfg,
                   std::function<task(task_context)> body,
                   const std::shared_ptr<directory>& names);

  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "coroutine"; }

  // -- child_probe ------------------------------------------------------------

  std::optional<work_note> doing() const override;

private:
  void on_stop() override;

  // -- task_runner ------------------------------------------------------------

  void ended() override;
  void wake_at(std::uint64_t op, time_point due) override;
  void wake_soon(std::uint64_t op) override;
  void forget_wake() noexcept override;
  time_point now() const noexcept override { return clock().now(); }
  caf::event_based_actor* self() noexcept override { return this; }
  caf::expected<caf::strong_actor_ptr> find(std::string_view name) override;

  std::function<task(task_context)> body_;
  wake_ticket ticket_;
  std::weak_ptr<directory> names_;
};

} // namespace hololoom::detail
