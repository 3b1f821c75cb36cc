#include <hololoom/actors/supervision/events.hpp>
#include <hololoom/messages/caf/lifecycle_ids.hpp>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace hololoom {

event_bus::ticket event_bus::subscribe(callback f, selection only) {
  std::uint32_t kinds = only.size() == 0 ? every_kind : 0;
  for (auto what : only)
    kinds |= bit(what);
  return add({0, std::move(f), {}, kinds});
}

event_bus::ticket event_bus::subscribe(const caf::actor& listener) {
  auto id = add({0, nullptr, listener.address(), every_kind});
  // When a listener ends, its entry goes, which would else stay for ever.
  listener->attach_functor([weak = weak_from_this(), id](const caf::error&) {
    if (auto self = weak.lock())
      self->unsubscribe(id);
  });
  return id;
}

event_bus::ticket event_bus::add(subscriber s) {
  lock_guard guard{mutex_};
  s.id = ++last_;
  auto copy = std::make_shared<list>(*subscribers_);
  copy->push_back(std::move(s));
  set(std::move(copy));
  return last_;
}

void event_bus::set(std::shared_ptr<const list> subscribers) {
  std::uint32_t wanted = 0;
  for (const auto& s : *subscribers)
    wanted |= s.kinds;
  subscribers_ = std::move(subscribers);
  wanted_ = wanted;
}

void event_bus::unsubscribe(ticket t) {
  lock_guard guard{mutex_};
  auto copy = std::make_shared<list>(*subscribers_);
  std::erase_if(*copy, [t](const subscriber& s) { return s.id == t; });
  set(std::move(copy));
}

std::shared_ptr<const event_bus::list> event_bus::current() const {
  lock_guard guard{mutex_};
  return subscribers_;
}

void event_bus::publish(const lifecycle_event& event) {
  if (!wanted(event.what))
    return;
  // Held by name: callbacks and other threads may replace the list meanwhile.
  auto subscribers = current();
  for (const auto& s : *subscribers) {
    if ((s.kinds & bit(event.what)) == 0)
      continue;
    if (s.call) {
      try {
        s.call(event);
      } catch (...) {
        // A listener's defect is not the supervisor's.
      }
    } else if (auto to = caf::actor_cast<caf::actor>(s.actor)) {
      caf::anon_send(to, event);
    }
  }
}

} // namespace hololoom
