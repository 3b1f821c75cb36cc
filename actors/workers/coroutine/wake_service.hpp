#pragma once

#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/sync.hpp>

#include <caf/actor.hpp>
#include <caf/actor_clock.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>

#include <cstdint>
#include <map>
#include <memory>

namespace hololoom::detail {

/// Wakes a sleeping worker from the wait `op`.
struct wake {
  std::uint64_t op;
};

class wake_service;
class timekeeper;

/// A worker's place in the schedule. Sleeping again takes no memory, and a
/// worker that ends in its sleep leaves nothing behind.
class wake_ticket {
public:
  wake_ticket() = default;
  wake_ticket(const wake_ticket&) = delete;
  wake_ticket& operator=(const wake_ticket&) = delete;
  ~wake_ticket() { disarm(); }

  /// Has `wake{op}` sent to `target` at `due`, in place of an earlier wake-up.
  /// `target` must own this ticket.
  void arm(caf::actor_control_block* target, caf::actor_clock::time_point due,
           std::uint64_t op);

  /// Cancels the wake-up. A `wake` may be under way all the same.
  void disarm() noexcept;

  /// The same, for good: called when the owner ends, so that the service does
  /// not outlive the workers.
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
  /// Guarded by the service's lock, as are `spare_` and `place_`.
  bool armed_ = false;
};

/// Wakes the sleeping workers of an actor system by the system's clock, or by
/// the virtual clock of a test.
///
/// Why not a delayed message for each? CAF's clock keeps the receiver of a
/// delayed message until it is due: 100,000 cancelled workers that had begun to
/// sleep for an hour would stay in memory for an hour. Here a sleeper is a node
/// in a map that leaves with the worker, and the only delayed message is a tick
/// to one actor, never more than a second ahead.
///
/// Each actor system has one, from the first sleep of a worker to the end of
/// the last worker that has slept. Thread-safe.
class wake_service : public std::enable_shared_from_this<wake_service> {
public:
  using time_point = caf::actor_clock::time_point;

  /// The service of `system`.
  static std::shared_ptr<wake_service> of(caf::actor_system& system);

  explicit wake_service(caf::actor_system& system);
  wake_service(const wake_service&) = delete;
  wake_service& operator=(const wake_service&) = delete;
  ~wake_service();

  /// How many workers sleep.
  std::size_t size() const;

private:
  friend class wake_ticket;
  friend class timekeeper;
  using entry = wake_ticket::entry;
  using schedule_map = wake_ticket::schedule_map;

  void arm(wake_ticket& ticket, time_point due, entry what);
  void disarm(wake_ticket& ticket) noexcept;

  caf::actor_system& system_;
  mutable mutex mutex_;
  schedule_map schedule_ HOLOLOOM_GUARDED_BY(mutex_);
  /// When the next tick is due.
  time_point tick_at_ HOLOLOOM_GUARDED_BY(mutex_) = time_point::max();
  /// Whether a message to the timekeeper to look at the schedule is under way.
  bool poked_ HOLOLOOM_GUARDED_BY(mutex_) = false;
  caf::actor timekeeper_ HOLOLOOM_GUARDED_BY(mutex_);
};

} // namespace hololoom::detail

HOLOLOOM_LOCAL_MESSAGE(1601, hololoom::detail::wake)
