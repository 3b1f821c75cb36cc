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

/// What the actors of all kinds of worker share: each is its own probe, without
/// memory of its own, and ends by `conclude`.
class worker_actor : public caf::event_based_actor, public child_probe {
public:
  explicit worker_actor(caf::actor_config& cfg);

  resume_result resume(execution_unit* unit, std::size_t most) override;

  bool awaits_drain() const override { return awaits_drain_; }

protected:
  /// Sets the handlers; to be called in `make_behavior`.
  void listen();

  /// The first exit message; `stopping()` says what it was.
  virtual void on_stop() = 0;

  /// Why the worker was told to end; none while it was not.
  const caf::error& stopping() const noexcept { return stopping_; }

  /// Ends the actor: with `failure` if there is one, with what it was told if
  /// it was told to end, else normally.
  void conclude(caf::error failure = {});

private:
  caf::error stopping_;
  std::atomic<bool> awaits_drain_{false};
};

/// What a worker ends with that threw `thrown`.
caf::error crash(std::string_view kind, const std::exception_ptr& thrown);

/// A worker's actor as a probe, which holds it.
template <class Worker>
std::shared_ptr<child_probe> probe_of(const caf::actor& worker) {
  auto strong = caf::actor_cast<caf::strong_actor_ptr>(worker);
  auto* impl =
    static_cast<Worker*>(caf::actor_cast<caf::abstract_actor*>(worker));
  return {static_cast<child_probe*>(impl),
          [strong = std::move(strong)](child_probe*) noexcept {
          }};
}

/// Spawns a worker that runs as soon as it is spawned.
template <class Worker, class... Ts>
start_result start_worker(const start_context& ctx, Ts&&... xs) {
  auto worker = caf::actor_cast<caf::actor>(
    ctx.system->spawn<Worker>(std::forward<Ts>(xs)...));
  return start_result::started(worker, probe_of<Worker>(worker));
}

} // namespace hololoom::detail
