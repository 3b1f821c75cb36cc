#include <hololoom/actors/supervision/core/books.hpp>

#include <cassert>
#include <utility>

namespace hololoom::supervision {

child& books::add(std::string name, child_spec_ptr spec) {
  auto& c = children_.add(std::move(name), std::move(spec));
  count(c, 1);
  return c;
}

void books::remove(child& c) {
  answer_stops(c);
  answer_starts(c, failure(errc::start_failed,
                           where(c) + " was stopped before it could serve"));
  if (c.significant)
    --significant_;
  if (!c.zombie)
    count(c, -1);
  children_.remove(c);
}

void books::count(const child& c, int change) {
  if (!simple_)
    counts_.specs += change;
  auto supervises = c.spec->type == child_type::supervisor;
  (supervises ? counts_.supervisors : counts_.workers) += change;
}

child& books::move_aside(child& c) {
  auto spec = std::make_shared<child_spec>(*c.spec);
  spec->restart = restart_type::temporary;
  spec->significant = false;
  auto& z = children_.add(c.name + "~" + std::to_string(c.incarnation),
                          std::move(spec));
  z.zombie = true;
  host_.moved(c, z);
  children_.change(c, [&](child& x) {
    z.handle = std::move(x.handle);
    z.probe = std::move(x.probe);
    z.since = x.since;
    z.silent_since = std::exchange(x.silent_since, no_time);
    z.incarnation = x.incarnation;
    z.starts = x.starts;
    z.nested = std::exchange(x.nested, false);
    z.state = child_state::stuck;
    x.handle = nullptr;
    x.probe = nullptr;
    x.last_reason = "replaced while it was stuck";
  });
  --counts_.active;
  return z;
}

void books::take_handle(child& c, start_result& r, child_state s,
                        time_point now) {
  assert(!c.alive());
  set_due(c, no_time);
  children_.change(c, [&](child& x) {
    x.handle = std::move(r.handle);
    x.probe = std::move(r.probe);
    x.nested = r.nested;
    x.state = s;
    x.since = now;
    ++x.incarnation;
    x.starts += s == child_state::running ? 1 : 0;
    if (x.origin == origin::group || x.origin == origin::restart)
      ++x.restarts;
  });
  if (!c.zombie)
    ++counts_.active;
  set_pending(c, s == child_state::starting);
  count_significant(c);
  host_.adopt(c);
}

void books::now_ready(child& c, time_point now) {
  set_due(c, no_time);
  set_pending(c, false);
  children_.change(c, [&](child& x) {
    x.state = child_state::running;
    x.since = now;
    x.progress = nullptr;
    ++x.starts;
  });
}

void books::stop_waiting(child& c) {
  set_pending(c, false);
  c.due = no_time;
  if (!std::exchange(c.unwaited, true) && !c.zombie)
    --counts_.active;
  answer_stops(c);
}

void books::lose_handle(child& c, std::string reason) {
  if (!c.alive())
    return;
  host_.release(c);
  set_pending(c, false);
  c.due = c.let_go = no_time;
  c.asked = c.kill_sent = c.drained = c.excused = false;
  if (!std::exchange(c.unwaited, false) && !c.zombie)
    --counts_.active;
  assert(counts_.active >= 0);
  // Destroyed outside of the lock.
  caf::strong_actor_ptr handle;
  std::shared_ptr<child_probe> probe;
  children_.change(c, [&](child& x) {
    handle = std::move(x.handle);
    probe = std::move(x.probe);
    x.handle = nullptr;
    x.silent_since = no_time;
    x.nested = x.claimed = false;
    x.progress = nullptr;
    x.last_reason = std::move(reason);
    x.state = child_state::stopped;
  });
  count_significant(c);
}

void books::set_state(child& c, child_state s) {
  if (c.state != s)
    children_.change(c, [s](child& x) { x.state = s; });
  count_significant(c);
}

void books::set_reason(child& c, std::string reason) {
  children_.change(c, [&](child& x) { x.last_reason = std::move(reason); });
}

void books::set_progress(child& c, std::string what) {
  auto fresh = std::make_unique<std::string>(std::move(what));
  children_.change(c, [&](child& x) { x.progress.swap(fresh); });
}

void books::set_pending(child& c, bool x) {
  if (c.pending != x)
    pending_ += x ? 1 : -1;
  c.pending = x;
}

void books::count_significant(child& c) {
  auto counts = c.spec->significant && !c.zombie
             && (c.alive() || c.state == child_state::restarting);
  if (counts == c.significant)
    return;
  c.significant = counts;
  significant_ += counts ? 1 : -1;
}

// -- limits -----------------------------------------------------------------------

void books::set_due(child& c, time_point due) {
  c.due = due;
  if (due != no_time)
    timers_.add(due, c.order);
}

time_point books::next_due() {
  timers_.tidy(children().size(), still_due());
  return timers_.next(still_due());
}

child* books::take_due(time_point now) {
  auto order = timers_.take(now, still_due());
  return order != 0 ? find(order) : nullptr;
}

// -- requests that wait for a child -----------------------------------------------

namespace {

void add_ticket(std::unique_ptr<std::vector<ticket>>& tickets, ticket t) {
  if (!tickets)
    tickets = std::make_unique<std::vector<ticket>>();
  tickets->push_back(t);
}

} // namespace

void books::await_start(child& c, ticket t) {
  add_ticket(c.start_tickets, t);
}

void books::await_stop(child& c, ticket t) {
  add_ticket(c.stop_tickets, t);
}

void books::answer_starts(child& c) {
  if (auto tickets = std::move(c.start_tickets))
    for (auto t : *tickets)
      host_.answer_started(t, c);
}

void books::answer_starts(child& c, const caf::error& reason) {
  if (auto tickets = std::move(c.start_tickets))
    for (auto t : *tickets)
      host_.answer_error(t, reason);
}

void books::answer_stops(child& c) {
  if (auto tickets = std::move(c.stop_tickets))
    for (auto t : *tickets)
      host_.answer_done(t);
}

} // namespace hololoom::supervision
