#include <hololoom/actors/supervision/core/core.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace hololoom::supervision {

namespace {

supervisor_options bounded(supervisor_options options) {
  // Short enough for sums of it.
  constexpr caf::timespan longest = std::chrono::hours{24 * 365};
  options.kill_wait = std::min(options.kill_wait, longest);
  return options;
}

} // namespace

core::core(supervisor_options options, board& children, core_host& host)
  : options_(bounded(std::move(options))),
    host_(host),
    books_(options_, children, host),
    slices_(host),
    stopping_(options_, books_, host),
    restart_(options_, books_, host, slices_, *this),
    plan_(options_, books_, slices_, *this),
    drain_(options_, books_, host, slices_, stopping_, plan_) {}

// -- what happens to a child ------------------------------------------------------

/// The child whose start the news is about; null if it is late: of an earlier
/// attempt, or of one that is being stopped.
child* core::find_starting(const std::string& name, std::uint64_t start_id) {
  auto c = books_.find(name);
  return c && c->state == child_state::starting && c->start_id == start_id
          && !c->asked
         ? c
         : nullptr;
}

void core::ready(const std::string& name, std::uint64_t start_id,
                 const caf::error& reason, time_point now) {
  auto c = find_starting(name, start_id);
  if (!c)
    return;
  if (reason)
    return stopping_.give_up_start(*c, explain(reason), now);
  books_.now_ready(*c, now);
  host_.report(*c, transition::ready, {});
  books_.answer_starts(*c);
  plan_.start_is_over(*c);
  advance(now);
}

void core::progressed(const std::string& name, std::uint64_t start_id,
                      std::string what, time_point now) {
  auto c = find_starting(name, start_id);
  if (!c)
    return;
  books_.set_due(*c, after(now, c->spec->start_limit));
  host_.report(*c, transition::progressed, what);
  books_.set_progress(*c, std::move(what));
}

void core::replace_stuck(child& c, time_point now) {
  // One whose end waits for the plan has ended, and is stuck no more.
  if (!c.alive() || c.asked || c.zombie || stopping()
      || backlog_.holds_end(c.order))
    return;
  if (plan_.busy())
    return backlog_.defer(
      [this, order = c.order, number = c.incarnation](time_point later) {
        if (auto x = books_.find(order);
            x && x->incarnation == number && x->state == child_state::stuck)
          replace_stuck(*x, later);
      });
  auto& z = books_.move_aside(c);
  // When it does return, it ends at once.
  z.kill_sent = true;
  host_.kill(z);
  if (!restart_.may_replace(c, now))
    return;
  auto result = restart_.start(c, origin::restart, now);
  if (result == attempt::running || result == attempt::pending)
    host_.report(c, transition::replaced,
                 "runs beside '" + z.name + "', which is stuck");
}

// -- what restart and plan need ---------------------------------------------------

void core::stop_all(caf::error reason, time_point now) {
  stop_all_by(std::move(reason), now, no_time);
}

void core::stop_all_by(caf::error reason, time_point now, time_point end) {
  if (over_)
    return;
  if (plan_.stopping_all()) {
    if (!plan_.end_by(end))
      return;
    stopping_.end_by(end);
    for (auto& [order, c] : books_.children())
      if (c.nested && c.asked && !c.kill_sent)
        stopping_.ask(c, now);
    return;
  }
  plan_.stop_all(std::move(reason), now, end);
  stopping_.end_by(plan_.end());
  restart_.drop_retries();
  backlog_.run_all(now);
  advance(now);
}

void core::restart_group(child& c, time_point now) {
  if (plan_.busy()) {
    backlog_.defer([this, order = c.order](time_point later) {
      if (auto x = books_.find(order); x && x->state == child_state::restarting)
        restart_group(*x, later);
    });
    return books_.set_state(c, child_state::restarting);
  }
  auto all = options_.strategy == strategy::one_for_all;
  plan_.restart_group(all ? 1 : c.order);
  books_.set_state(c, child_state::stopped);
  advance(now);
}

void core::restart_alone(child& c, time_point now) {
  if (!plan_.busy()) {
    restart_.start(c, origin::restart, now);
    return;
  }
  backlog_.defer([this, order = c.order](time_point later) {
    if (auto x = books_.find(order); x && x->state == child_state::restarting)
      restart_alone(*x, later);
  });
  books_.set_state(c, child_state::restarting);
}

/// Whether `c` ended while the plan was busy with others: no further news of it
/// would come.
bool core::has_ended(child& c, time_point now) {
  auto end = backlog_.take_end(c.order);
  if (!end || end->incarnation != c.incarnation)
    return false;
  was_stopped(c, end->why, end->reason, now);
  return true;
}

bool core::stop(child& c, time_point now) {
  if (has_ended(c, now))
    return false;
  // A drain has no limit of its own for each child; now it gets one, unless
  // a kill has given it one.
  if (!c.asked || (c.drained && !c.kill_sent))
    stopping_.ask(c, now);
  return true;
}

void core::kill(child& c, time_point now) {
  if (has_ended(c, now))
    return;
  // One below kills its own children by the same limit, and has time for it.
  if (c.nested && !c.zombie)
    return stopping_.ask(c, now);
  if (!c.asked)
    c.asked_at = now;
  c.asked = true;
  stopping_.kill(c, now);
}

attempt core::start(child& c, origin why, time_point now) {
  return restart_.start(c, why, now);
}

// -- going on ---------------------------------------------------------------------

/// Goes on with what is under way, as far as it goes without waiting.
void core::advance(time_point now) {
  if (advancing_)
    return;
  advancing_ = true;
  work_slice work{now};
  // A plan that is paused waits for `proceed`, or each message that is handled
  // meanwhile would do a slice of it.
  while (!over_ && !plan_.paused() && advance_once(now, work)) {
  }
  advancing_ = false;
  if (over_ || plan_.busy())
    return;
  restart_.fail_group_waits();
  if (restart_.retries() > 0)
    slices_.go_on();
}

/// @returns whether there may be more to do.
bool core::advance_once(time_point now, work_slice& work) {
  if (!plan_.busy()) {
    if (!running_ && !draining()) {
      running_ = true;
      for (auto t : std::exchange(awaiting_, {}))
        host_.answer_done(t);
    }
    if (backlog_.empty())
      return false;
    backlog_.run_next(now);
    return true;
  }
  if (plan_.has_members())
    return plan_.stop_members(now, work);
  if (!plan_.stopping_all())
    return plan_.start_members(now, work);
  backlog_.run_all(now);
  finish(plan_.reason());
  return false;
}

void core::advance_drain(time_point now) {
  if (!draining() || over_)
    return;
  drain_.advance(now);
  end_if_empty();
}

void core::proceed(time_point now) {
  slices_.resumed();
  plan_.resume();
  drain_.resume();
  if (over_)
    return;
  advance(now);
  for (auto n = restart_.retries(); n > 0 && !plan_.busy(); --n)
    restart_.retry_next(now);
  advance(now);
  advance_drain(now);
}

void core::end_if_empty() {
  if (!end_when_empty_ || over_ || !drain_.idle() || plan_.stopping_all()
      || drain_.children_alive() || books_.counts().active > 0)
    return;
  for (const auto& [order, c] : books_.children())
    if (c.alive() && !c.unwaited)
      return;
  finish(caf::make_error(caf::exit_reason::user_shutdown));
}

void core::finish(caf::error reason) {
  assert(!over_);
  over_ = true;
  auto said =
    code_of(reason) == errc::start_failed
        || code_of(reason) == errc::invalid_spec
      ? reason
      : failure(errc::shutting_down, books_.path() + " is shutting down");
  for (auto t : std::exchange(awaiting_, {}))
    host_.answer_error(t, said);
  drain_.finish();
  host_.finished(std::move(reason));
}

// -- time -------------------------------------------------------------------------

time_point core::next_due(time_point now) {
  if (over_)
    return no_time;
  return std::min({books_.next_due(), plan_.deadline(), drain_.due(now)});
}

void core::tick(time_point now) {
  if (over_)
    return;
  if (plan_.deadline() <= now)
    plan_.kill_members(now);
  while (auto c = books_.take_due(now))
    limit_is_over(*c, now);
  advance(now);
  advance_drain(now);
}

} // namespace hololoom::supervision
