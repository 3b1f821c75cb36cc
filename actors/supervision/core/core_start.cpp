#include <hololoom/actors/supervision/core/core.hpp>

#include <algorithm>
#include <utility>

// How children are started, and started again.

namespace hololoom::supervision {

void core::boot(child_specs specs, time_point now) {
  if (plan_.what != activity::boot)
    return; // It was told to stop before it began.
  if (simple()) {
    template_ = specs->front();
    counts_.specs = 1;
  } else {
    static_ = std::move(specs);
  }
  booted_ = true;
  advance(now);
}

/// @returns whether all static children are known.
bool core::add_static(slice& work) {
  while (static_ && plan_.added < static_->size()) {
    if (spent(work)) {
      plan_.paused = true;
      proceed_soon();
      return false;
    }
    const auto& spec = (*static_)[plan_.added++];
    add(spec->name, spec);
  }
  return true;
}

core::attempt core::try_start(child& c, origin why, time_point now) {
  c.origin = why;
  c.asked = c.told = c.limited = c.kill_sent = c.forced = false;
  c.start_id = ++last_start_;
  auto result = host_.start(c, c.incarnation + 1);
  switch (result.how) {
    case start_result::outcome::started:
      take_handle(c, result, child_state::running, now);
      host_.report(c, transition::started, {});
      answer_starts(c);
      return attempt::running;
    case start_result::outcome::pending:
      take_handle(c, result, child_state::starting, now);
      set_due(c, after(now, c.spec->start_limit));
      host_.report(c, transition::started, "not ready yet");
      return attempt::pending;
    case start_result::outcome::ignored: return attempt::ignored;
    case start_result::outcome::failed: break;
  }
  children_.change(c,
                   [&](child& x) { x.last_reason = explain(result.reason); });
  return attempt::failed;
}

void core::take_handle(child& c, start_result& r, child_state s,
                       time_point now) {
  set_due(c, no_time);
  children_.count_alive(1);
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
  recount(c);
  host_.adopt(c);
}

void core::ready(const std::string& name, std::uint64_t start_id,
                 const caf::error& reason, time_point now) {
  auto c = children_.find(name);
  // Late news of an earlier attempt, or of one that is being stopped.
  if (!c || c->state != child_state::starting || c->start_id != start_id
      || c->asked)
    return;
  if (reason)
    return fail_pending(*c, explain(reason), now);
  set_due(*c, no_time);
  children_.change(*c, [&](child& x) {
    x.state = child_state::running;
    x.since = now;
    ++x.starts;
  });
  host_.report(*c, transition::ready, {});
  answer_starts(*c);
  if (plan_.current == c->order)
    plan_.current = 0;
  advance(now);
}

/// It will not become ready: it is ended, and the start has failed when it is
/// down.
void core::fail_pending(child& c, std::string why, time_point now) {
  children_.change(c, [&](child& x) { x.last_reason = std::move(why); });
  c.asked = true;
  c.asked_at = now;
  set_due(c, no_time);
  c.limited = true;
  host_.ask(c);
}

void core::start_ignored(child& c, time_point) {
  c.failures = 0;
  answer_starts(c);
  set_due(c, no_time);
  if (simple() || c.spec->restart == restart_type::temporary)
    remove(c);
  else
    set_state(c, child_state::stopped);
}

void core::start_failed(child& c, const caf::error& reason, time_point now) {
  switch (c.origin) {
    case origin::boot: return boot_failed(c, reason, now);
    case origin::added: answer_starts(c, reason); return remove(c);
    case origin::revived:
      set_state(c, child_state::stopped);
      answer_stops(c);
      return answer_starts(c, reason);
    case origin::group: cancel_plan(); [[fallthrough]];
    case origin::restart:
      // Somebody may have asked for a start that the restart overtook.
      answer_starts(c, reason);
      break;
  }
  // Somebody may have asked for its end while it failed: it is not tried again.
  if (stopping() || c.stop_tickets)
    return forget_or_keep(c);
  host_.report(c, transition::exited, "start failed: " + c.last_reason);
  if (c.spec->backoff.on())
    return request_restart(c, now);
  // Tried again at once, but only after what others have asked meanwhile.
  set_state(c, child_state::restarting);
  if (std::find(retries_.begin(), retries_.end(), c.order) == retries_.end())
    retries_.push_back(c.order);
  proceed_soon();
}

void core::boot_failed(child& c, const caf::error& reason, time_point now) {
  set_state(c, child_state::stopped);
  host_.report(c, transition::exited, "start failed: " + c.last_reason);
  plan_stop(reason, now);
}

void core::request_restart(child& c, time_point now) {
  if (stopping())
    return forget_or_keep(c);
  if (!limit_.add(now))
    return give_up(c, now);
  if (!c.spec->backoff.on()) {
    host_.report(c, transition::restarting, {});
    return restart_now(c, now);
  }
  auto delay = backoff_delay(c.spec->backoff, c.failures++, random_);
  set_state(c, child_state::restarting);
  set_due(c, after(now, delay));
  host_.report(
    c, transition::restarting,
    "in "
      + std::to_string(
        std::chrono::duration_cast<std::chrono::milliseconds>(delay).count())
      + " ms");
}

void core::restart_now(child& c, time_point now) {
  if (options_.strategy == strategy::one_for_all
      || options_.strategy == strategy::rest_for_one)
    return plan_group(c, now);
  switch (try_start(c, origin::restart, now)) {
    case attempt::running:
    case attempt::pending: return;
    case attempt::ignored: return start_ignored(c, now);
    case attempt::failed:
      return start_failed(
        c,
        failure(errc::start_failed,
                where(c) + " did not start: " + c.last_reason),
        now);
  }
}

bool core::start_members(time_point now, slice& work) {
  if (auto c = find(plan_.current); c && c->state == child_state::starting)
    return false;
  plan_.current = 0;
  if (plan_.what == activity::boot && !add_static(work))
    return false;
  auto& all = children_.children();
  auto why = plan_.what == activity::boot ? origin::boot : origin::group;
  for (;;) {
    auto i = all.upper_bound(plan_.cursor);
    if (i == all.end()) {
      plan_ = {};
      return true;
    }
    if (spent(work, slice::start)) {
      plan_.paused = true;
      proceed_soon(pace::unhurried);
      return false;
    }
    auto& c = i->second;
    plan_.cursor = c.order;
    if (c.alive() || c.zombie)
      continue;
    auto order = c.order;
    switch (try_start(c, why, now)) {
      case attempt::running: break;
      case attempt::pending: plan_.current = order; return false;
      case attempt::ignored: start_ignored(c, now); break;
      case attempt::failed:
        start_failed(c,
                     failure(errc::start_failed,
                             where(c) + " did not start: " + c.last_reason),
                     now);
        return true;
    }
  }
}

} // namespace hololoom::supervision
