#pragma once

#include <hololoom/actors/supervision/child_spec.hpp>
#include <hololoom/messages/caf/put.hpp>
#include <hololoom/messages/errc.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>

namespace hololoom::detail {

/// The base of the actors of all kinds of workers. Each actor is its own probe,
/// which takes no memory of its own, and ends by `conclude`.
class worker_actor : public caf::event_based_actor, public child_probe {
public:
  explicit worker_actor(caf::actor_config& cfg);

  resume_result resume(execution_unit* unit, std::size_t most) override;

  bool awaits_drain() const override { return awaits_drain_; }

protected:
  /// Sets the handlers; call it in `make_behavior`.
  void listen();

  /// Called on the first exit message; `stopping()` is its reason.
  virtual void on_stop() = 0;

  /// Why the worker was told to end; no error until it is.
  const caf::error& stopping() const noexcept { return stopping_; }

  /// Ends the actor: with `failure` if there is one, otherwise with the reason
  /// it was told to end with, otherwise normally.
  void conclude(caf::error failure = {});

private:
  caf::error stopping_;
  std::atomic<bool> awaits_drain_{false};
};

/// The error that a worker ends with when its function threw `thrown`.
caf::error crash(std::string_view kind, const std::exception_ptr& thrown);

/// A worker's actor as a probe; the pointer keeps the actor.
template <class Worker>
std::shared_ptr<child_probe> probe_of(const caf::actor& worker) {
  auto strong = caf::actor_cast<caf::strong_actor_ptr>(worker);
  auto* impl =
    static_cast<Worker*>(caf::actor_cast<caf::abstract_actor*>(worker));
  return {static_cast<child_probe*>(impl),
          [strong = std::move(strong)](child_probe*) noexcept {
          }};
}

/// Spawns a worker that is ready as soon as it is spawned.
template <class Worker, class... Ts>
start_result start_worker(const start_context& ctx, Ts&&... xs) {
  auto worker = caf::actor_cast<caf::actor>(
    ctx.system->spawn<Worker>(std::forward<Ts>(xs)...));
  return start_result::started(worker, probe_of<Worker>(worker));
}

} // namespace hololoom::detail
