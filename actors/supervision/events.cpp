#include <hololoom/actors/supervision/events.hpp>
#include <hololoom/messages/caf/lifecycle_ids.hpp>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>

namespace hololoom {

namespace {

bool is_below(std::string_view path, std::string_view top) {
  return top.empty()
      || (path.starts_with(top)
          && (path.size() == top.size() || path[top.size()] == '/'));
}

} // namespace

template <class Transitions>
std::uint32_t event_bus::kinds_of(const Transitions& only) {
  std::uint32_t kinds = only.size() == 0 ? every_kind : 0;
  for (auto what : only)
    kinds |= bit(what);
  return kinds;
}

event_bus::ticket event_bus::subscribe(callback f, event_filter which) {
  try {
    return add({0,
                kinds_of(which.only),
                std::move(which.below),
                std::make_shared<const callback>(std::move(f)),
                std::make_shared<outlet>(),
                {}});
  } catch (const std::system_error&) {
    return 0;
  }
}

event_bus::ticket event_bus::observe(callback f, selection only) {
  return add({0,
              kinds_of(only),
              {},
              std::make_shared<const callback>(std::move(f)),
              nullptr,
              {}});
}

event_bus::ticket event_bus::subscribe(const caf::actor& listener) {
  auto id = add({0, every_kind, {}, nullptr, nullptr, listener.address()});
  // When a listener ends, its entry goes, which would else stay for ever.
  listener->attach_functor([weak = weak_from_this(), id](const caf::error&) {
    if (auto self = weak.lock())
      self->unsubscribe(id);
  });
  return id;
}

event_bus::ticket event_bus::add(subscriber s) {
  lock_guard guard{mutex_};
  if (closed_ && s.thread)
    return 0;
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
  auto all = current();
  for (const auto& s : *all)
    if (s.id == t && s.thread)
      s.thread->finish();
  remove([t](const subscriber& s) { return s.id == t; });
}

template <class Predicate>
std::shared_ptr<const event_bus::list> event_bus::remove(Predicate which) {
  lock_guard guard{mutex_};
  auto before = subscribers_;
  auto copy = std::make_shared<list>(*before);
  std::erase_if(*copy, which);
  set(std::move(copy));
  return before;
}

std::shared_ptr<const event_bus::list> event_bus::current() const {
  lock_guard guard{mutex_};
  return subscribers_;
}

void event_bus::publish(const lifecycle_event& event) {
  if (!wanted(event.what))
    return;
  // Held by name: subscribers and other threads may replace the list meanwhile.
  auto subscribers = current();
  std::shared_ptr<const lifecycle_event> copy;
  for (const auto& s : *subscribers) {
    if ((s.kinds & bit(event.what)) == 0 || !is_below(event.path, s.below))
      continue;
    if (s.thread) {
      if (!copy)
        copy = std::make_shared<const lifecycle_event>(event);
      s.thread->post([call = s.call, copy] { (*call)(*copy); });
    } else if (s.call) {
      try {
        (*s.call)(event);
      } catch (...) {
        // A listener's defect is not the supervisor's.
      }
    } else if (auto to = caf::actor_cast<caf::actor>(s.actor)) {
      caf::anon_send(to, event);
    }
  }
}

bool event_bus::settle(outlet::time_point due) const {
  auto subscribers = current();
  return std::all_of(
    subscribers->begin(), subscribers->end(),
    [due](const subscriber& s) { return !s.thread || s.thread->settle(due); });
}

std::vector<event_bus::loss> event_bus::close() {
  {
    lock_guard guard{mutex_};
    closed_ = true;
  }
  auto before = remove([](const subscriber& s) { return s.thread != nullptr; });
  std::vector<loss> result;
  for (const auto& s : *before) {
    if (!s.thread)
      continue;
    auto stuck = !s.thread->end();
    auto lost = s.thread->lost();
    if (stuck || lost > 0)
      result.push_back({s.id, stuck, lost});
  }
  return result;
}

} // namespace hololoom
