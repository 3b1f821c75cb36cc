#pragma once

#include <hololoom/messages/caf/local_message.hpp>

#include <caf/actor.hpp>
#include <caf/actor_clock.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

namespace hololoom::detail {

/// Wakes a sleeping worker.
struct wake {
  std::uint64_t op;
};

class wake_service;
class timekeeper;

/// A worker's place in the schedule. Going to sleep again takes no memory, and
/// leaving it in mid-sleep leaves nothing behind.
class wake_ticket {
public:
  wake_ticket() = default;
  wake_ticket(const wake_ticket&) = delete;
  wake_ticket& operator=(const wake_ticket&) = delete;
  ~wake_ticket() { disarm(); }

  /// Has `wake{op}` sent to `target` at `due`, instead of what was arranged
  /// before. `target` must own this ticket.
  void arm(caf::actor_control_block* target, caf::actor_clock::time_point due,
           std::uint64_t op);

  /// Forgets what was arranged. A `wake` may be under way all the same.
  void disarm() noexcept;

  /// The same, for good: to be called when the owner ends, so that the service
  /// does not outlive the workers.
  void release() noexcept;

private:
  friend class wake_service;
  friend class timekeeper;
  struct entry {
    caf::actor_control_block* target = nullptr;
    std::uint64_t op = 0;
    wake_ticket* ticket = nullptr;
  };
  using schedule_map = std::multimap<caf::actor_clock::time_point, entry>;

  std::shared_ptr<wake_service> service_;
  schedule_map::node_type spare_;
  schedule_map::iterator place_;
  bool armed_ = false; // guarded by the service, as are spare_ and place_
};

/// Wakes the sleeping workers of an actor system by its clock, the virtual one
/// of a test included.
///
/// Why not a delayed message each? CAF's clock would hold every sleeper until
/// the message is due, ended or not: 100,000 cancelled workers that meant to
/// sleep for an hour would stay in memory for an hour. Here a sleeper is a node
/// in a map, which goes with it, and the only delayed message is a tick to one
/// actor, never more than a second ahead.
///
/// There is one for each actor system, for as long as one of its workers has
/// slept and not ended. Thread-safe.
class wake_service : public std::enable_shared_from_this<wake_service> {
public:
  using time_point = caf::actor_clock::time_point;

  /// The service of `system`.
  static std::shared_ptr<wake_service> of(caf::actor_system& system);

  explicit wake_service(caf::actor_system& system);
  wake_service(const wake_service&) = delete;
  wake_service& operator=(const wake_service&) = delete;
  ~wake_service();

  /// Sleepers.
  std::size_t size() const;

private:
  friend class wake_ticket;
  friend class timekeeper;
  using entry = wake_ticket::entry;
  using schedule_map = wake_ticket::schedule_map;

  void arm(wake_ticket& ticket, time_point due, entry what);
  void disarm(wake_ticket& ticket) noexcept;

  caf::actor_system& system_;
  mutable std::mutex mutex_;
  schedule_map schedule_;
  /// The earliest tick that is under way.
  time_point tick_at_ = time_point::max();
  /// Whether the timekeeper was told to look and has not done so.
  bool poked_ = false;
  caf::actor timekeeper_;
};

} // namespace hololoom::detail

HOLOLOOM_LOCAL_MESSAGE(1601, hololoom::detail::wake)
