#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace hololoom::detail {

/// Runs `f` on a thread of its own. The thread is left behind when `f` takes
/// longer than `limit`, so that a call that hangs holds up nothing else.
/// @returns whether `f` has returned.
bool returns_within(std::chrono::milliseconds limit, std::function<void()> f);

/// The actor system of a loom that was not given one.
class owned_system {
public:
  /// `threads` as in the config; 0: one for each core, at least 4.
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
  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
};

} // namespace hololoom::detail
