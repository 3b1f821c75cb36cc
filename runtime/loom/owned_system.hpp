#pragma once

#include <hololoom/actors/supervision/outlet.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace hololoom::detail {

/// Calls `f` on the thread of `on`, which a call that hangs keeps, so that it
/// holds up nothing else.
/// @returns whether `f` has returned within `limit`.
bool returns_within(outlet& on, std::chrono::milliseconds limit,
                    std::function<void()> f);

/// The actor system of a loom that was not given one.
class owned_system {
public:
  /// `threads` as in the config; 0: one for each core, at least 4. Throws
  /// `std::system_error` if the system refuses a thread.
  explicit owned_system(std::int64_t threads);
  owned_system(const owned_system&) = delete;
  owned_system& operator=(const owned_system&) = delete;

  caf::actor_system& get() const { return *system_; }

  /// Waits up to `limit` for the last actor to end.
  /// @returns how many still run.
  std::size_t await_actors(std::chrono::milliseconds limit) const;

  /// Destroys the system, or leaves it behind when a thread that used it still
  /// lives after a second.
  /// @pre no actor runs
  /// @returns whether the system is destroyed.
  bool destroy();

  /// Leaves the system behind for an actor that does not end.
  void abandon();

private:
  /// For what may wait too long. Started with the actor system, because it may
  /// be that no thread can be had later.
  std::unique_ptr<outlet> waiter_ = std::make_unique<outlet>();
  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
};

} // namespace hololoom::detail
