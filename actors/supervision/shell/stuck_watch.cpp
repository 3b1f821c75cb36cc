#include <hololoom/actors/supervision/shell/stuck_watch.hpp>

#include <caf/actor_proxy.hpp>
#include <caf/scheduled_actor.hpp>

#include <algorithm>
#include <utility>

namespace hololoom::supervision {

namespace {

constexpr std::size_t sweep_size = 1000;
constexpr auto slowest = std::chrono::milliseconds{200};
constexpr auto fastest = std::chrono::milliseconds{5};

/// Whether `c` can be asked for a sign of life, and is not plainly waiting for
/// messages: those that are need no question.
bool worth_asking(const child& c) {
  auto* actor = c.handle->get();
  if (auto* local = dynamic_cast<caf::scheduled_actor*>(actor))
    return !local->mailbox().blocked();
  return dynamic_cast<caf::actor_proxy*>(actor) != nullptr;
}

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
    static_cast<std::int64_t>((watched_.size() + sweep_size - 1) / sweep_size);
  return std::max<caf::timespan>(round / slices, fastest);
}

void stuck_watch::sweep(time_point now) {
  for (auto left = std::min(watched_.size(), sweep_size); left > 0; --left) {
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
  if (c->state == child_state::stopping) {
    // Its limit ends it. The report only says why it has not ended yet.
    if (auto found = finding(*c, now);
        found && !work_of(*c) && !c->probe
        && !std::exchange(signs_[order].told, true))
      host_.became_stuck(*c, *found);
    return true;
  }
  if (c->state != child_state::running && c->state != child_state::stuck)
    return c->state != child_state::stopped;
  auto found = finding(*c, now);
  if (found && c->state == child_state::running) {
    children_.change(*c, [](child& x) { x.state = child_state::stuck; });
    if (auto i = signs_.find(order); i != signs_.end())
      i->second.told = true;
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
    auto note = probed_work(c.probe);
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
    s = {c.incarnation};
  auto asks = worth_asking(c);
  if (!s.waiting && asks) {
    s.asked = now;
    s.since = steady;
    s.waiting = true;
    host_.ping(c);
    return std::nullopt;
  }
  if (!asks)
    s.waiting = false;
  if (!s.waiting)
    s.told = false;
  auto since = s.waiting ? s.since : no_time;
  if (c.silent_since != since)
    children_.change(c, [since](child& x) { x.silent_since = since; });
  return s.waiting && now - s.asked >= limit ? describe_work(c) : std::nullopt;
}

void stuck_watch::answered(std::uint64_t order, std::int64_t incarnation) {
  if (auto i = signs_.find(order);
      i != signs_.end() && i->second.incarnation == incarnation)
    i->second.waiting = false;
}

} // namespace hololoom::supervision
