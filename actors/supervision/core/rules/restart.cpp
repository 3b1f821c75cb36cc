#include <hololoom/actors/supervision/core/rules/restart.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <algorithm>
#include <utility>

namespace hololoom::supervision {

namespace {

std::string in_ms(caf::timespan t) {
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(t);
  return std::to_string(ms.count()) + " ms";
}

std::string rate_text(std::int64_t times, caf::timespan period) {
  return "more than " + std::to_string(times) + " restarts within "
       + in_ms(period);
}

/// What a supervisor ends with because a child failed.
caf::error ended_by(const std::string& child, const std::string& reason) {
  return shutdown_because("shutdown after a failure: " + child
                          + " ended: " + reason);
}

} // namespace

attempt restart::start(child& c, origin why, time_point now) {
  auto code = errc::start_failed;
  auto result = try_start(c, why, now, code);
  if (result == attempt::ignored)
    start_ignored(c);
  else if (result == attempt::failed)
    start_failed(
      c, failure(code, books_.where(c) + " did not start: " + c.last_reason),
      now);
  return result;
}

/// @param code of a failure: what the child was made of may be at fault
attempt restart::try_start(child& c, origin why, time_point now, errc& code) {
  c.origin = why;
  c.asked = c.kill_sent = false;
  c.start_id = ++last_start_;
  auto result = host_.start(c, c.incarnation + 1);
  switch (result.how) {
    case start_result::outcome::started:
      books_.take_handle(c, result, child_state::running, now);
      host_.report(c, transition::started, {});
      books_.answer_starts(c);
      return attempt::running;
    case start_result::outcome::pending:
      books_.take_handle(c, result, child_state::starting, now);
      books_.set_due(c, after(now, c.spec->start_limit));
      host_.report(c, transition::started, {});
      return attempt::pending;
    case start_result::outcome::ignored: return attempt::ignored;
    case start_result::outcome::failed: break;
  }
  if (is(result.reason, errc::invalid_spec))
    code = errc::invalid_spec;
  books_.set_reason(c, explain(result.reason));
  return attempt::failed;
}

void restart::start_ignored(child& c) {
  c.failures = 0;
  books_.answer_starts(c);
  books_.set_due(c, no_time);
  if (books_.simple() || c.spec->restart == restart_type::temporary)
    books_.remove(c);
  else
    books_.set_state(c, child_state::stopped);
}

void restart::start_failed(child& c, const caf::error& reason, time_point now) {
  switch (c.origin) {
    case origin::boot:
      books_.set_state(c, child_state::stopped);
      host_.report(c, transition::exited, "start failed: " + c.last_reason);
      return orders_.stop_all(reason, now);
    case origin::added:
      books_.answer_starts(c, reason);
      return books_.remove(c);
    case origin::revived:
      books_.set_state(c, child_state::stopped);
      books_.answer_stops(c);
      return books_.answer_starts(c, reason);
    case origin::group: orders_.abandon_group(); [[fallthrough]];
    case origin::restart:
      // A request for a start may have been overtaken by the restart.
      books_.answer_starts(c, reason);
      break;
  }
  // A request for its end may have come while it failed: no further attempt.
  if (orders_.is_stopping() || c.stop_tickets)
    return orders_.stays_down(c);
  host_.report(c, transition::exited, "start failed: " + c.last_reason);
  if (c.spec->backoff.on())
    return request_restart(c, now);
  // Tried again at once, but only after the requests that came meanwhile.
  books_.set_state(c, child_state::restarting);
  if (std::find(retries_.begin(), retries_.end(), c.order) == retries_.end())
    retries_.push_back(c.order);
  slices_.go_on();
}

void restart::retry_next(time_point now) {
  if (retries_.empty())
    return;
  auto c = books_.find(retries_.front());
  retries_.pop_front();
  if (c && c->state == child_state::restarting && c->due == no_time)
    request_restart(*c, now);
}

void restart::on_end(child& c, exit_class why, time_point now) {
  if (orders_.is_stopping())
    return orders_.stays_down(c);
  auto failed = why == exit_class::killed || why == exit_class::abnormal;
  if (c.spec->restart == restart_type::permanent
      || (c.spec->restart == restart_type::transient && failed)) {
    const auto& policy = c.spec->backoff;
    auto reset = policy.reset.count() > 0 ? policy.reset : policy.max;
    if (now - c.since >= reset)
      c.failures = 0;
    return request_restart(c, now);
  }
  caf::error end;
  if (may_end_all(c))
    end = failed ? ended_by(books_.where(c), c.last_reason)
                 : shutdown_because("shutdown, as " + books_.where(c)
                                    + " ended: " + c.last_reason);
  orders_.stays_down(c);
  check_auto_shutdown(std::move(end), now);
}

/// Whether the supervisor may end because `c` has, for good.
bool restart::may_end_all(const child& c) const {
  return c.spec->significant && options_.auto_shutdown != auto_shutdown::never;
}

/// @param end what the supervisor would end with; none: it goes on
void restart::check_auto_shutdown(caf::error end, time_point now) {
  if (end
      && (options_.auto_shutdown == auto_shutdown::any_significant
          || books_.significant() == 0))
    orders_.stop_all(std::move(end), now);
}

void restart::request_restart(child& c, time_point now) {
  if (orders_.is_stopping())
    return orders_.stays_down(c);
  if (!may_restart(c, now))
    return give_up(c, now);
  if (!c.spec->backoff.on()) {
    host_.report(c, transition::restarting, {});
    return restart_now(c, now);
  }
  auto delay = backoff_delay(c.spec->backoff, c.failures++, random_);
  books_.set_state(c, child_state::restarting);
  books_.set_due(c, after(now, delay));
  host_.report(c, transition::restarting, "in " + in_ms(delay));
}

void restart::restart_now(child& c, time_point now) {
  if (c.spec->apart)
    orders_.restart_alone(c, now);
  else if (options_.strategy == strategy::one_for_all
           || options_.strategy == strategy::rest_for_one)
    orders_.restart_group(c, now);
  else
    start(c, origin::restart, now);
}

bool restart::may_replace(child& c, time_point now) {
  auto within = may_restart(c, now);
  if (!within)
    give_up(c, now);
  return within;
}

/// Counts a restart of `c`.
bool restart::may_restart(child& c, time_point now) {
  const auto& rate = c.spec->give_up_after;
  if (!rate)
    return limit_.add(now);
  if (!c.own_limit)
    c.own_limit = std::make_unique<restart_limit>(rate->times, rate->period);
  return c.own_limit->add(now);
}

void restart::give_up(child& c, time_point now) {
  if (const auto& rate = c.spec->give_up_after) {
    host_.report(c, transition::gave_up,
                 rate_text(rate->times, rate->period)
                   + "; the last end: " + c.last_reason);
    books_.set_due(c, no_time);
    c.failures = 0;
    c.own_limit = nullptr;
    caf::error end;
    if (may_end_all(c))
      end = ended_by(books_.where(c), c.last_reason);
    orders_.stays_down(c);
    return check_auto_shutdown(std::move(end), now);
  }
  auto rate = rate_text(options_.intensity, options_.period);
  host_.report(c, transition::escalated, rate);
  books_.set_due(c, no_time);
  auto end = ended_by(books_.where(c), c.last_reason + ", after " + rate);
  orders_.stays_down(c);
  orders_.stop_all(std::move(end), now);
}

void restart::fail_group_waits() {
  if (group_waits_.empty())
    return;
  for (const auto& [order, c] : books_.children())
    if (c.state == child_state::restarting)
      return;
  for (auto order : std::exchange(group_waits_, {}))
    if (auto c = books_.find(order); c && !c->alive())
      books_.answer_starts(
        *c, failure(errc::shutting_down,
                    books_.where(*c) + " was stopped while it started"));
}

} // namespace hololoom::supervision
