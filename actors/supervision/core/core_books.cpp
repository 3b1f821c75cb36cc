#include <hololoom/actors/supervision/core/core.hpp>

#include <utility>

// What is written down about children, and who waits for what of them.

namespace hololoom::supervision {

child& core::add(std::string name, child_spec_ptr spec) {
  auto& c = children_.add(std::move(name), std::move(spec));
  if (!simple())
    ++counts_.specs;
  if (c.spec->type == child_type::supervisor)
    ++counts_.supervisors;
  else
    ++counts_.workers;
  return c;
}

void core::remove(child& c) {
  answer_stops(c);
  answer_starts(c, failure(errc::start_failed,
                           where(c) + " was stopped before it could serve"));
  if (c.significant)
    --significant_;
  if (!c.zombie) {
    if (!simple())
      --counts_.specs;
    if (c.spec->type == child_type::supervisor)
      --counts_.supervisors;
    else
      --counts_.workers;
  }
  children_.remove(c);
}

void core::lose_handle(child& c, std::string reason) {
  if (!c.alive())
    return;
  host_.release(c);
  children_.count_alive(-1);
  alive_below_.erase(c.order);
  c.due = c.let_go = no_time;
  c.asked = c.told = c.limited = c.kill_sent = c.drained = false;
  c.forced = c.reported = c.excused = c.left = false;
  if (!c.zombie)
    --counts_.active;
  // Destroyed outside of the lock.
  caf::strong_actor_ptr handle;
  std::shared_ptr<child_probe> probe;
  children_.change(c, [&](child& x) {
    handle = std::move(x.handle);
    probe = std::move(x.probe);
    x.handle = nullptr;
    x.silent_since = no_time;
    x.nested = false;
    x.last_reason = std::move(reason);
    x.state = child_state::stopped;
  });
  recount(c);
}

void core::set_state(child& c, child_state s) {
  if (c.state != s)
    children_.change(c, [s](child& x) { x.state = s; });
  recount(c);
}

void core::set_due(child& c, time_point due) {
  c.due = due;
  if (due != no_time)
    timers_.add(due, c.order);
}

void core::recount(child& c) {
  auto counts = c.spec->significant && !c.zombie
             && (c.alive() || c.state == child_state::restarting);
  if (counts == c.significant)
    return;
  c.significant = counts;
  significant_ += counts ? 1 : -1;
}

void core::proceed_soon(pace how) {
  // One that is unhurried may wait for long: it holds no other up.
  auto& due = how == pace::at_once ? proceed_due_ : unhurried_due_;
  if (!proceed_due_ && !std::exchange(due, true))
    host_.proceed_later(how);
}

void core::answer_starts(child& c) {
  if (auto tickets = std::move(c.start_tickets))
    for (auto t : *tickets)
      host_.answer_started(t, c);
}

void core::answer_starts(child& c, const caf::error& reason) {
  if (auto tickets = std::move(c.start_tickets))
    for (auto t : *tickets)
      host_.answer_error(t, reason);
}

/// A group whose restart was given up does not come back by itself: whoever
/// waits for one of its members is told.
void core::answer_group_waits() {
  if (group_waits_.empty() || busy())
    return;
  for (const auto& [order, c] : children_.children())
    if (c.state == child_state::restarting)
      return;
  for (auto order : std::exchange(group_waits_, {}))
    if (auto c = find(order); c && !c->alive())
      answer_starts(*c, failure(errc::shutting_down,
                                where(*c) + " was stopped while it started"));
}

void core::answer_stops(child& c) {
  if (auto tickets = std::move(c.stop_tickets))
    for (auto t : *tickets)
      host_.answer_done(t);
}

} // namespace hololoom::supervision
