#pragma once

#include <hololoom/actors/supervision/outlet.hpp>
#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/sync.hpp>

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace hololoom {

/// Which lifecycle events a subscriber wants.
struct event_filter {
  /// Transitions; none listed means all.
  std::vector<transition> only = {};
  /// A child and those below it: "root/workers". Empty means all.
  std::string below = {};
};

/// Carries lifecycle events from supervisors to their subscribers.
///
/// Thread-safe. Without subscribers an event is not even built: publishers call
/// `wanted()` first, which is one atomic read. A publisher never waits for a
/// subscriber.
class event_bus : public std::enable_shared_from_this<event_bus> {
public:
  using callback = std::function<void(const lifecycle_event&)>;

  /// Which transitions a subscriber wants; none listed means all of them.
  using selection = std::initializer_list<transition>;

  /// Names a subscription; 0 is none.
  using ticket = std::uint64_t;

  /// Calls `f` for each event, in the order in which they were published, on a
  /// thread of this subscription's own: `f` may take its time. While it does,
  /// up to `outlet::capacity` events wait for it; those beyond are dropped and
  /// counted. Its exceptions are swallowed.
  /// @returns 0 if no thread can be had or the bus is closed.
  ticket subscribe(callback f, event_filter which = {});

  /// Sends each event to `listener` as a message, until it ends.
  ticket subscribe(const caf::actor& listener);

  /// Calls `f` for each event before its supervisor goes on, on the thread of
  /// that supervisor, which hangs if `f` does: for code that sets a flag or
  /// hands the event on. Its exceptions are swallowed.
  ticket observe(callback f, selection only = {});

  /// Ends a subscription: once this has returned, its function does not run and
  /// is never called again. It waits for a call under way on another thread,
  /// unless that call waits here for the one that this is called from. An
  /// observer's call under way is not waited for.
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

  /// Waits until the functions of `subscribe` have had all events, until `due`
  /// at the latest. A function that closes what it hears of is not waited for
  /// (`outlet::excuse_caller`).
  /// @returns whether they have.
  bool settle(outlet::time_point due) const;

  /// A subscription whose function missed events, or has not returned.
  struct loss {
    ticket subscription = 0;
    bool stuck = false;
    std::int64_t events = 0;
  };

  /// Ends the subscriptions of functions: none is called again. Does not wait
  /// for those that run; events go on to actors and observers.
  std::vector<loss> close();

private:
  struct subscriber {
    ticket id;
    std::uint32_t kinds;
    std::string below;
    std::shared_ptr<const callback> call;
    /// Where `call` runs; null for an observer.
    std::shared_ptr<outlet> thread;
    caf::actor_addr actor;
  };
  using list = std::vector<subscriber>;

  static constexpr std::uint32_t every_kind = ~std::uint32_t{0};
  static constexpr std::uint32_t bit(transition what) noexcept {
    return std::uint32_t{1} << static_cast<unsigned>(what);
  }

  template <class Transitions>
  static std::uint32_t kinds_of(const Transitions& only);
  ticket add(subscriber s);
  /// @returns the list as it was, to be released outside of the lock.
  template <class Predicate>
  std::shared_ptr<const list> remove(Predicate which);
  void set(std::shared_ptr<const list> subscribers) HOLOLOOM_REQUIRES(mutex_);
  std::shared_ptr<const list> current() const;

  /// A bit for each kind of transition that a subscriber wants.
  std::atomic<std::uint32_t> wanted_{0};
  mutable mutex mutex_;
  ticket last_ HOLOLOOM_GUARDED_BY(mutex_) = 0;
  bool closed_ HOLOLOOM_GUARDED_BY(mutex_) = false;
  std::shared_ptr<const list>
    subscribers_ HOLOLOOM_GUARDED_BY(mutex_) = std::make_shared<list>();
};

} // namespace hololoom
