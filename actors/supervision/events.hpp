#pragma once

#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/sync.hpp>

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <vector>

namespace hololoom {

/// Carries lifecycle events from supervisors to their subscribers.
///
/// Thread-safe. Without subscribers an event is not even built: publishers call
/// `wanted()` first, which is one atomic read.
class event_bus : public std::enable_shared_from_this<event_bus> {
public:
  using callback = std::function<void(const lifecycle_event&)>;

  /// Which transitions a subscriber wants; none listed means all of them.
  using selection = std::initializer_list<transition>;

  /// Names a subscription; 0 is none.
  using ticket = std::uint64_t;

  /// Calls `f` for each event, on the thread of the supervisor that reports
  /// it: `f` must be quick and must not block. Its exceptions are swallowed.
  ticket subscribe(callback f, selection only = {});

  /// Sends each event to `listener` as a message, until it ends.
  ticket subscribe(const caf::actor& listener);

  /// Ends a subscription. A call that is under way is not interrupted.
  void unsubscribe(ticket t);

  /// Whether there are subscribers.
  bool wanted() const noexcept {
    return wanted_.load(std::memory_order_relaxed) != 0;
  }

  /// Whether there are subscribers to events of this kind.
  bool wanted(transition what) const noexcept {
    return (wanted_.load(std::memory_order_relaxed) & bit(what)) != 0;
  }

  /// Hands `event` to all subscribers, in the order in which they subscribed.
  void publish(const lifecycle_event& event);

private:
  struct subscriber {
    ticket id;
    callback call;
    caf::actor_addr actor;
    std::uint32_t kinds;
  };
  using list = std::vector<subscriber>;

  static constexpr std::uint32_t every_kind = ~std::uint32_t{0};
  static constexpr std::uint32_t bit(transition what) noexcept {
    return std::uint32_t{1} << static_cast<unsigned>(what);
  }

  ticket add(subscriber s);
  void set(std::shared_ptr<const list> subscribers) HOLOLOOM_REQUIRES(mutex_);
  std::shared_ptr<const list> current() const;

  /// A bit for each kind of transition that a subscriber wants.
  std::atomic<std::uint32_t> wanted_{0};
  mutable mutex mutex_;
  ticket last_ HOLOLOOM_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const list>
    subscribers_ HOLOLOOM_GUARDED_BY(mutex_) = std::make_shared<list>();
};

} // namespace hololoom
