#include <hololoom/actors/supervision/core/core.hpp>

#include <algorithm>
#include <utility>

// What takes a supervisor more than one step: its start, the restart of a
// group, its stop.

namespace hololoom::supervision {

void core::plan_group(child& culprit, time_point now) {
  if (busy()) {
    defer([this, order = culprit.order](time_point later_now) {
      if (auto c = find(order); c && c->state == child_state::restarting)
        plan_group(*c, later_now);
    });
    set_state(culprit, child_state::restarting);
    return;
  }
  plan_ = {};
  plan_.what = activity::group;
  plan_.parallel = options_.stop_order == stop_order::parallel;
  auto all = options_.strategy == strategy::one_for_all;
  plan_.cursor = all ? 0 : culprit.order - 1;
  set_state(culprit, child_state::stopped);
  stop_from(plan_.cursor + 1);
  advance(now);
}

void core::plan_stop(caf::error reason, time_point now) {
  if (over_ || plan_.what == activity::stop)
    return;
  cancel_plan();
  plan_.what = activity::stop;
  plan_.parallel = simple() || options_.stop_order == stop_order::parallel;
  plan_.reason = std::move(reason);
  if (options_.stop_limit.count() > 0)
    stop_deadline_ = after(now, options_.stop_limit);
  retries_.clear();
  stop_from(1);
  run_deferred(now);
  advance(now);
}

/// Those started with `first` or later are to be stopped. Each is seen to when
/// its turn comes: a walk over very many would hold up who asks meanwhile.
void core::stop_from(std::uint64_t first) {
  plan_.first = first;
  plan_.above = no_order;
}

/// The turn of `c` has come.
/// @returns whether there is anything to be stopped.
bool core::enlist(child& c) {
  if (c.zombie && plan_.what == activity::group)
    return false;
  if (!c.alive()) {
    if (c.state == child_state::restarting) {
      set_due(c, no_time);
      set_state(c, child_state::stopped);
    }
    return false;
  }
  if (!std::exchange(c.in_plan, true))
    ++plan_.alive;
  return true;
}

/// Whether `c` is being stopped by the plan, or will be when its turn comes.
bool core::is_member(const child& c) const {
  return c.in_plan
      || (plan_.first <= c.order && c.order < plan_.above
          && !(c.zombie && plan_.what == activity::group));
}

void core::cancel_plan() {
  if (plan_.alive > 0)
    for (auto& [order, c] : children_.children())
      c.in_plan = false;
  plan_ = {};
}

/// Whether there is no time left in this go to do what costs `cost`.
bool core::spent(slice& work, int cost) const {
  // However long it takes to see to one, nothing stands still.
  auto first = work.left == slice::all;
  work.left -= cost;
  return work.left < 0 || (!first && host_.too_long(work.began));
}

/// Goes on with what is under way, as far as it goes without waiting.
void core::advance(time_point now) {
  if (advancing_ || (plan_.what == activity::boot && !booted_))
    return;
  advancing_ = true;
  slice work{now};
  // One that is paused waits for `proceed`, or each message that is handled
  // meanwhile would do a slice of it.
  while (!over_ && !plan_.paused) {
    if (!busy()) {
      if (!running_ && !draining_) {
        running_ = true;
        for (auto t : std::exchange(awaiting_, {}))
          host_.answer_done(t);
      }
      if (deferred_.empty())
        break;
      auto f = std::move(deferred_.front());
      deferred_.pop_front();
      f(now);
    } else if (plan_.first < plan_.above || plan_.alive > 0) {
      if (!stop_members(now, work))
        break;
    } else if (plan_.what == activity::stop) {
      run_deferred(now);
      finish(plan_.reason);
    } else if (!start_members(now, work)) {
      break;
    }
  }
  advancing_ = false;
  if (!over_)
    answer_group_waits();
  if (!over_ && !busy() && !retries_.empty())
    proceed_soon();
}

/// @returns whether all members are down.
bool core::stop_members(time_point now, slice& work) {
  if (plan_.current != 0) {
    if (auto c = find(plan_.current); c && c->in_plan)
      return false;
    plan_.current = 0;
  }
  auto& all = children_.children();
  while (plan_.first < plan_.above) {
    auto i = all.lower_bound(plan_.above);
    if (i == all.begin() || (--i)->first < plan_.first) {
      plan_.above = plan_.first;
      break;
    }
    if (spent(work)) {
      plan_.paused = true;
      proceed_soon();
      return false;
    }
    auto& c = i->second;
    plan_.above = c.order;
    if (!enlist(c))
      continue;
    // It ended while others were seen to: nothing more would come from it.
    if (auto end = unheard_.extract(c.order);
        !end.empty() && end.mapped().incarnation == c.incarnation) {
      was_stopped(c, end.mapped().why, end.mapped().reason, now);
      continue;
    }
    // A drain has no limit of its own for each child; now it gets one, unless
    // a force has given it one.
    if (!c.asked || (c.drained && !is_forced(c)))
      ask(c, now);
    if (!plan_.parallel) {
      plan_.current = c.order;
      return false;
    }
  }
  return plan_.alive == 0;
}

void core::run_deferred(time_point now) {
  for (auto& f : std::exchange(deferred_, {}))
    f(now);
}

void core::proceed(time_point now) {
  proceed_due_ = unhurried_due_ = plan_.paused = false;
  drain_paused_ = force_paused_ = false;
  if (over_)
    return;
  advance_force(now);
  advance(now);
  auto count = retries_.size();
  while (count-- > 0 && !busy() && !retries_.empty()) {
    auto c = find(retries_.front());
    retries_.pop_front();
    if (c && c->state == child_state::restarting && c->due == no_time)
      request_restart(*c, now);
  }
  advance(now);
  advance_drain(now);
}

/// The limit for the whole tree is over: whoever still runs is killed.
void core::stop_is_due(time_point now) {
  stop_deadline_ = no_time;
  plan_.parallel = true;
  plan_.current = 0;
  for (auto& [order, c] : children_.children()) {
    if (is_member(c) && enlist(c) && !c.kill_sent) {
      if (!c.asked)
        c.asked_at = now;
      c.asked = true;
      kill(c, now);
    }
  }
  plan_.above = plan_.first;
}

void core::finish(caf::error reason) {
  over_ = true;
  auto said =
    code_of(reason) == errc::start_failed
      ? reason
      : failure(errc::shutting_down, children_.path() + " is shutting down");
  for (auto t : std::exchange(awaiting_, {}))
    host_.answer_error(t, said);
  for (auto& op : std::exchange(drains_, {}))
    host_.answer_drain(op.id, done_);
  for (auto& op : std::exchange(forces_, {}))
    host_.answer_force(op.id, std::move(op.report));
  host_.finished(std::move(reason));
}

} // namespace hololoom::supervision
