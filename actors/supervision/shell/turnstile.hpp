#pragma once

#include <caf/actor_control_block.hpp>
#include <caf/fwd.hpp>
#include <caf/message.hpp>

#include <chrono>

namespace hololoom::supervision {

/// Lets the actors that are ready to run have their turn.
///
/// An actor that sends itself a message stays on its worker, and the jobs that
/// it makes pile up behind it. The turnstile is a job at the end of such a
/// queue, and sends the message when its own turn comes.
///
/// Its turn never comes while no worker is free: a caller that must go on all
/// the same waits for `patience` and no longer.
///
/// Spawns an actor at the first use, and ends it when it is destroyed. Not
/// thread-safe.
class turnstile {
public:
  static constexpr auto patience = std::chrono::milliseconds{1};

  turnstile() = default;
  turnstile(const turnstile&) = delete;
  turnstile& operator=(const turnstile&) = delete;
  ~turnstile();

  /// Sends `message` to `target` after those who wait for a worker now.
  void pass(caf::actor_system& system, caf::strong_actor_ptr target,
            caf::message message);

private:
  caf::strong_actor_ptr gate_;
};

} // namespace hololoom::supervision
