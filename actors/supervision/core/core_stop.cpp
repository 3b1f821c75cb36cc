#include <hololoom/actors/supervision/core/core.hpp>

#include <algorithm>
#include <utility>

// How children are stopped, and what their ends mean.

namespace hololoom::supervision {

namespace {

/// How often it is checked whether the thread of a killed child has returned.
constexpr auto thread_check = std::chrono::milliseconds{10};

ended how_it_ended(const child& c, exit_class why) {
  switch (why) {
    case exit_class::normal: return ended::normal;
    case exit_class::shutdown: return ended::shutdown;
    case exit_class::killed:
    case exit_class::abnormal:
      // A process that got its SIGKILL may be reported before its actor is
      // killed.
      return c.kill_sent ? ended::killed : ended::crashed;
  }
  return ended::crashed;
}

} // namespace

void core::stop(time_point now) {
  plan_stop(caf::make_error(caf::exit_reason::user_shutdown), now);
}

void core::down(child& c, exit_class why, std::string reason, time_point now) {
  if (c.kill_sent && c.state == child_state::stopping && c.let_go == no_time
      && c.probe && !c.probe->can_be_killed()) {
    // The actor is gone, but a thread of it goes on: it gets what is left of
    // its time, and is let go of then.
    c.let_go = c.due;
    check_thread(c, now);
  } else if (c.state == child_state::starting && !is_member(c) && !c.drained) {
    // It never became ready.
    if (!c.asked)
      children_.change(c, [&](child& x) { x.last_reason = reason; });
    auto said = c.last_reason;
    lose_handle(c, said);
    if (plan_.current == c.order)
      plan_.current = 0;
    start_failed(
      c,
      failure(errc::start_failed, where(c) + " did not become ready: " + said),
      now);
  } else if (is_member(c) || c.asked) {
    was_stopped(c, why, reason, now);
  } else if (busy()) {
    // Its turn comes when what is under way is over, or when the next group is
    // stopped that it belongs to.
    unheard_.insert_or_assign(c.order,
                              unheard{c.incarnation, why, std::move(reason)});
    defer([this, order = c.order](time_point later_now) {
      auto end = unheard_.extract(order);
      if (end.empty())
        return;
      auto& what = end.mapped();
      if (auto x = find(order);
          x && x->alive() && x->incarnation == what.incarnation)
        down(*x, what.why, std::move(what.reason), later_now);
    });
    return;
  } else {
    host_.report(c, transition::exited, reason);
    if (draining_)
      drained(c, how_it_ended(c, why), now);
    lose_handle(c, std::move(reason));
    ended_by_itself(c, why, now);
  }
  advance(now);
  advance_drain(now);
}

void core::was_stopped(child& c, exit_class why, const std::string& reason,
                       time_point now) {
  if (c.kill_sent)
    last_kill_ = now;
  auto how = how_it_ended(c, why);
  host_.report(c,
               how == ended::killed    ? transition::killed
               : how == ended::crashed ? transition::exited
                                       : transition::stopped,
               reason);
  if (draining_)
    drained(c, how, now);
  lose_handle(c, reason);
  forget_or_keep(c);
}

void core::check_thread(child& c, time_point now) {
  if (c.probe->can_be_killed())
    was_stopped(c, exit_class::killed, "killed", now);
  else if (now >= c.let_go)
    abandon(c, now);
  else
    set_due(c, std::min<time_point>(c.let_go, now + thread_check));
}

void core::abandon(child& c, time_point now) {
  auto doing = describe_work(c);
  auto reason =
    "it did not end when killed" + (doing ? ", " + *doing : std::string{});
  host_.report(c, transition::abandoned, reason);
  if (draining_)
    drained(c, ended::abandoned, now);
  lose_handle(c, reason);
  forget_or_keep(c);
}

void core::ended_by_itself(child& c, exit_class why, time_point now) {
  if (c.zombie)
    return remove(c);
  if (stopping())
    return forget_or_keep(c);
  auto failed = why == exit_class::killed || why == exit_class::abnormal;
  if (c.spec->restart == restart_type::permanent
      || (c.spec->restart == restart_type::transient && failed)) {
    const auto& policy = c.spec->backoff;
    auto reset = policy.reset.count() > 0 ? policy.reset : policy.max;
    if (now - c.since >= reset)
      c.failures = 0;
    return request_restart(c, now);
  }
  auto significant = c.spec->significant;
  forget_or_keep(c);
  check_auto_shutdown(significant, now);
}

void core::check_auto_shutdown(bool significant, time_point now) {
  if (!significant || options_.auto_shutdown == auto_shutdown::never)
    return;
  if (options_.auto_shutdown == auto_shutdown::any_significant
      || significant_ == 0)
    plan_stop(caf::make_error(caf::exit_reason::user_shutdown), now);
}

void core::give_up(child& c, time_point now) {
  host_.report(
    c, transition::escalated,
    "more than " + std::to_string(options_.intensity) + " restarts within "
      + std::to_string(
        std::chrono::duration_cast<std::chrono::milliseconds>(options_.period)
          .count())
      + " ms");
  set_due(c, no_time);
  forget_or_keep(c);
  plan_stop(caf::make_error(caf::exit_reason::user_shutdown), now);
}

/// It is down for good, or until somebody starts it: its spec is kept, unless
/// it is one of those that are forgotten.
void core::forget_or_keep(child& c) {
  if (c.in_plan) {
    c.in_plan = false;
    --plan_.alive;
  }
  answer_stops(c);
  auto order = c.order;
  auto waits_for_group =
    plan_.what == activity::group && !c.zombie && c.start_tickets;
  if (waits_for_group)
    group_waits_.insert(order);
  else if (c.start_tickets)
    answer_starts(c, failure(errc::shutting_down,
                             where(c) + " was stopped while it started"));
  if (c.zombie || (simple() && !c.alive())
      || c.spec->restart == restart_type::temporary)
    remove(c);
  else
    set_state(c, child_state::stopped);
  if (after_stop_.empty())
    return;
  auto [first, last] = after_stop_.equal_range(order);
  for (auto i = first; i != last; ++i)
    deferred_.push_back(std::move(i->second));
  after_stop_.erase(first, last);
}

void core::ask(child& c, time_point now) {
  auto policy = c.spec->effective_shutdown();
  c.asked = true;
  c.asked_at = now;
  if (c.zombie || policy.how == shutdown_policy::mode::brutal_kill)
    return kill(c, now);
  set_state(c, child_state::stopping);
  set_due(c, no_time);
  c.limited = policy.how == shutdown_policy::mode::limit;
  host_.ask(c);
}

/// A limit counts from here: very many exits are paced, and who is told late
/// must not be killed for it.
void core::told(child& c, time_point now) {
  if (!c.asked || c.kill_sent || over_)
    return;
  if (!std::exchange(c.told, true))
    c.asked_at = now;
  if (!std::exchange(c.limited, false))
    return;
  auto limit = c.state == child_state::starting
               ? options_.kill_wait
               : c.spec->effective_shutdown().limit;
  set_due(c, after(now, limit));
}

void core::kill(child& c, time_point now) {
  c.kill_sent = true;
  c.limited = false;
  set_state(c, child_state::stopping);
  host_.kill(c);
  c.last_due = now + options_.kill_wait + crowd_allowance(counts_.active);
  set_due(c, now + options_.kill_wait + crowd_pause(counts_.active));
}

/// Very many that are killed at once share the scheduler's threads, and the
/// last of them ends late. While others go on ending, it is waited for.
time_point core::patience(const child& c, time_point now) {
  if (c.kill_sent)
    return std::min(last_kill_ + options_.kill_wait
                      + crowd_pause(counts_.active),
                    c.last_due);
  auto i = alive_below_.find(c.order);
  if (i == alive_below_.end())
    return now;
  auto before = std::exchange(i->second, host_.alive_below(c));
  return i->second < before
         ? std::min(now + 2 * options_.kill_wait + margin, c.last_due)
         : now;
}

// -- time -----------------------------------------------------------------------

time_point core::next_due(time_point now) {
  if (over_)
    return no_time;
  timers_.tidy(children_.children().size(), still());
  return std::min({timers_.next(still()), stop_deadline_, drain_due(now)});
}

void core::tick(time_point now) {
  if (over_)
    return;
  if (stop_deadline_ <= now)
    stop_is_due(now);
  while (auto order = timers_.take(now, still()))
    limit_is_over(*find(order), now);
  advance(now);
  advance_drain(now);
}

void core::limit_is_over(child& c, time_point now) {
  c.due = no_time;
  switch (c.state) {
    case child_state::starting:
      if (!c.asked)
        return fail_pending(c, "it was not ready in time", now);
      if (!c.kill_sent) {
        c.kill_sent = true;
        host_.kill(c);
        return set_due(c, now + options_.kill_wait);
      }
      host_.report(c, transition::abandoned, c.last_reason);
      return down(c, exit_class::killed, c.last_reason, now);
    case child_state::stopping:
      if (c.let_go != no_time)
        return check_thread(c, now);
      if (auto due = patience(c, now); due > now)
        return set_due(c, due);
      return c.kill_sent ? abandon(c, now) : kill(c, now);
    case child_state::restarting:
      return is_member(c) ? void() : restart_now(c, now);
    case child_state::running:
    case child_state::stopped:
    case child_state::stuck: return;
  }
}

} // namespace hololoom::supervision
