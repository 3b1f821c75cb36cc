#pragma once

#include <hololoom/actors/supervision/child_spec.hpp>
#include <hololoom/messages/sync.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>

#include <exception>
#include <functional>
#include <memory>

namespace hololoom::detail {

using actor_factory = std::function<caf::strong_actor_ptr(caf::actor_system&)>;

/// One call of a user's factory, on a thread of its own. The supervisor of all
/// workers waits for it, but not for long: past the limit, the call goes on
/// alone, and the actor that it makes after all is told to exit. The actor
/// system waits for the call, as for an actor.
class factory_call : public std::enable_shared_from_this<factory_call> {
public:
  /// @throws std::system_error if the thread cannot be created.
  void start(caf::actor_system& system, actor_factory factory);

  /// @throws what the factory throws
  start_result wait();

  bool returned() const;

private:
  void run(caf::actor_system& system, actor_factory factory);

  mutable mutex mutex_;
  condition changed_;
  bool returned_ HOLOLOOM_GUARDED_BY(mutex_) = false;
  bool abandoned_ HOLOLOOM_GUARDED_BY(mutex_) = false;
  caf::strong_actor_ptr made_ HOLOLOOM_GUARDED_BY(mutex_);
  std::exception_ptr thrown_ HOLOLOOM_GUARDED_BY(mutex_);
};

/// Starts the actor that `factory` makes, unless the call of an earlier start,
/// kept in `last`, has not returned.
start_result start_made(const start_context& ctx, const actor_factory& factory,
                        std::shared_ptr<factory_call>& last);

} // namespace hololoom::detail
