#include <hololoom/actors/supervision/core/stuck_watch.hpp>

#include <caf/local_actor.hpp>

#include <algorithm>
#include <utility>

namespace hololoom::supervision {

namespace {

constexpr std::size_t slice = 1000;
constexpr auto slowest = std::chrono::milliseconds{200};
constexpr auto fastest = std::chrono::milliseconds{5};

} // namespace

void stuck_watch::add(const child& c) {
  if (!c.spec->stuck.on())
    return;
  auto limit = c.spec->stuck.limit;
  shortest_ = watched_.empty() ? limit : std::min(shortest_, limit);
  if (known_.insert(c.order).second)
    watched_.push_back(c.order);
}

std::optional<caf::timespan> stuck_watch::interval() const {
  if (watched_.empty())
    return std::nullopt;
  // A full round takes a quarter of the shortest limit, 0.2 s at most.
  auto round = std::min<caf::timespan>(shortest_ / 4, slowest);
  auto slices =
    static_cast<std::int64_t>((watched_.size() + slice - 1) / slice);
  return std::max<caf::timespan>(round / slices, fastest);
}

void stuck_watch::sweep(time_point now) {
  for (auto left = std::min(watched_.size(), slice); left > 0; --left) {
    auto order = watched_.front();
    watched_.pop_front();
    if (look_at(order, now)) {
      watched_.push_back(order);
    } else {
      known_.erase(order);
      signs_.erase(order);
    }
  }
}

/// @returns whether the child is to be looked at again.
bool stuck_watch::look_at(std::uint64_t order, time_point now) {
  auto c = children_.find(order);
  if (!c || c->zombie)
    return false;
  if (c->state != child_state::running && c->state != child_state::stuck)
    return c->state != child_state::stopped;
  auto found = finding(*c, now);
  if (found && c->state == child_state::running) {
    children_.change(*c, [](child& x) { x.state = child_state::stuck; });
    host_.became_stuck(*c, *found);
  } else if (!found && c->state == child_state::stuck) {
    children_.change(*c, [](child& x) { x.state = child_state::running; });
    host_.recovered(*c);
  }
  return true;
}

std::optional<std::string> stuck_watch::finding(child& c, time_point now) {
  auto limit = c.spec->stuck.limit;
  auto steady = std::chrono::steady_clock::now();
  if (c.probe) {
    auto note = c.probe->doing();
    return note && steady - note->since >= limit ? describe_work(c)
                                                 : std::nullopt;
  }
  if (auto work = work_of(c)) {
    auto note = work->current();
    return note && steady - note->since >= limit ? describe_work(c)
                                                 : std::nullopt;
  }
  auto& s = signs_[c.order];
  if (s.incarnation != c.incarnation)
    s = {c.incarnation, {}, false};
  if (!s.waiting) {
    s.asked = now;
    s.waiting = true;
    host_.ping(c);
    return std::nullopt;
  }
  if (now - s.asked < limit)
    return std::nullopt;
  auto ms =
    std::chrono::duration_cast<std::chrono::milliseconds>(now - s.asked);
  auto local = dynamic_cast<caf::local_actor*>(c.handle->get());
  return "a handler of this "
       + std::string{local ? local->name() : "remote actor"}
       + " has not returned for " + std::to_string(ms.count()) + " ms";
}

void stuck_watch::answered(std::uint64_t order, std::int64_t incarnation) {
  if (auto i = signs_.find(order);
      i != signs_.end() && i->second.incarnation == incarnation)
    i->second.waiting = false;
}

} // namespace hololoom::supervision
