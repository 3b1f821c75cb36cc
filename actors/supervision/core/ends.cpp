#include <hololoom/actors/supervision/core/core.hpp>

#include <utility>

// What the end of a child leads to.

namespace hololoom::supervision {

void core::down(child& c, exit_class why, std::string reason, time_point now) {
  if (stopping_.leaves_thread(c, now)) {
    conclude(c, stopping_.check_thread(c, now), now);
  } else if (c.state == child_state::starting && !plan_.is_member(c)
             && !c.drained) {
    start_ended(c, reason, now);
  } else if (plan_.is_member(c) || c.asked) {
    was_stopped(c, why, reason, now);
  } else if (plan_.busy()) {
    return hold_end(c, why, std::move(reason));
  } else {
    auto how = how_it_ended(c, why, stopping());
    gone(c, how, how == ended::killed ? transition::killed : transition::exited,
         reason, now);
    if (c.zombie)
      books_.remove(c);
    else
      restart_.on_end(c, why, now);
  }
  advance(now);
  advance_drain(now);
}

/// The turn of this end comes when the plan is over, or when the next group is
/// stopped that the child belongs to.
void core::hold_end(child& c, exit_class why, std::string reason) {
  backlog_.hold_end(c.order, {c.incarnation, why, std::move(reason)});
  backlog_.defer([this, order = c.order](time_point later) {
    auto end = backlog_.take_end(order);
    auto x = books_.find(order);
    if (end && x && x->alive() && x->incarnation == end->incarnation)
      down(*x, end->why, std::move(end->reason), later);
  });
}

/// A child is down that never became ready.
void core::start_ended(child& c, const std::string& reason, time_point now) {
  if (!c.asked)
    books_.set_reason(c, reason);
  auto said = c.last_reason;
  books_.lose_handle(c, said);
  plan_.start_is_over(c);
  restart_.start_failed(
    c,
    failure(errc::start_failed,
            books_.where(c) + " did not become ready: " + said),
    now);
}

void core::was_stopped(child& c, exit_class why, const std::string& reason,
                       time_point now) {
  stopping_.stopped(c, now);
  auto how = how_it_ended(c, why, stopping());
  gone(c, how,
       how == ended::killed    ? transition::killed
       : how == ended::crashed ? transition::exited
                               : transition::stopped,
       reason, now);
  stays_down(c);
}

void core::abandon(child& c, time_point now) {
  auto doing = describe_work(c);
  auto waits = !doing && shows_work(living(c, {}));
  host_.abandoned(c);
  gone(c, waits ? ended::no_turn : ended::abandoned, transition::abandoned,
       "it did not end when killed"
         + (doing   ? ", " + *doing
            : waits ? ", because it had no turn"
                    : std::string{}),
       now);
  stays_down(c);
}

/// Reports the end of `c` and clears its record.
void core::gone(child& c, ended how, transition what, const std::string& reason,
                time_point now) {
  host_.report(c, what, reason);
  if (stopping() && !c.unwaited)
    host_.ended(c, how, reason, now);
  drain_.on_down(c);
  books_.lose_handle(c, reason);
}

/// It is down for good, or until a request starts it: its spec is kept, unless
/// it is one of those that are forgotten.
void core::stays_down(child& c) {
  plan_.on_down(c);
  books_.answer_stops(c);
  auto order = c.order;
  if (plan_.restarting_group() && !c.zombie && c.start_tickets)
    restart_.await_group(c);
  else if (c.start_tickets)
    books_.answer_starts(
      c, failure(errc::shutting_down,
                 books_.where(c) + " was stopped while it started"));
  if (c.zombie || (books_.simple() && !c.alive())
      || c.spec->restart == restart_type::temporary)
    books_.remove(c);
  else
    books_.set_state(c, child_state::stopped);
  backlog_.on_down(order);
}

void core::limit_is_over(child& c, time_point now) {
  c.due = no_time;
  switch (c.state) {
    case child_state::starting:
    case child_state::stopping:
      return conclude(c, stopping_.limit_is_over(c, now), now);
    case child_state::restarting:
      return plan_.is_member(c) ? void() : restart_.backoff_is_over(c, now);
    case child_state::running:
    case child_state::stopped:
    case child_state::stuck: return;
  }
}

void core::conclude(child& c, stopping::verdict what, time_point now) {
  switch (what) {
    case stopping::verdict::waits: return;
    case stopping::verdict::ended:
      return was_stopped(c, exit_class::killed, "killed", now);
    case stopping::verdict::abandoned: break;
  }
  if (c.state != child_state::starting)
    return abandon(c, now);
  host_.report(c, transition::abandoned, c.last_reason);
  host_.abandoned(c);
  down(c, exit_class::killed, c.last_reason, now);
}

} // namespace hololoom::supervision
