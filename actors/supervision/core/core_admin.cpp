#include <hololoom/actors/supervision/core/core.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

// What is asked of a supervisor.

namespace hololoom::supervision {

core::core(supervisor_options options, board& children, core_host& host)
  : options_(std::move(options)),
    children_(children),
    host_(host),
    limit_(options_.intensity, options_.period),
    random_(options_.seed) {
  // Short enough for sums of it: nobody waits longer.
  constexpr caf::timespan longest = std::chrono::hours{24 * 365};
  options_.kill_wait = std::min(options_.kill_wait, longest);
  // Until it was told what to start, everything waits.
  plan_.what = activity::boot;
}

bool core::refuses(ticket t) {
  if (!stopping())
    return false;
  host_.answer_error(
    t, failure(errc::shutting_down,
               children_.path() + " is shutting down and starts nothing"));
  return true;
}

void core::start_child(ticket t, child_spec_ptr spec, time_point now) {
  if (refuses(t))
    return;
  if (busy())
    return defer([this, t, spec](time_point later_now) {
      start_child(t, spec, later_now);
    });
  std::string name;
  if (simple()) {
    if (spec)
      return host_.answer_error(
        t, failure(errc::not_supported,
                   children_.path()
                     + " is a simple_one_for_one: it starts its template"));
    spec = template_;
    name = "i" + std::to_string(++last_number_);
  } else {
    if (!spec)
      return host_.answer_error(
        t, failure(errc::invalid_spec, "start_child needs a child spec"));
    if (auto problem = check(*spec, options_))
      return host_.answer_error(t, problem->to_error());
    if (auto old = children_.find(spec->name)) {
      if (old->state == child_state::stopping && old->asked) {
        after_stop_.emplace(old->order, [this, t, spec](time_point later_now) {
          start_child(t, spec, later_now);
        });
        return;
      }
      return host_.answer_error(
        t,
        old->alive()
          ? failure(errc::already_started, where(*old) + " runs already")
          : failure(errc::already_present,
                    where(*old) + " is known already; restart or delete it"));
    }
    name = spec->name;
  }
  auto& c = add(std::move(name), std::move(spec));
  c.start_tickets = std::make_unique<std::vector<ticket>>(1, t);
  switch (try_start(c, origin::added, now)) {
    case attempt::running:
    case attempt::pending: return;
    case attempt::ignored:
      if (simple())
        --last_number_;
      return start_ignored(c, now);
    case attempt::failed:
      if (simple())
        --last_number_;
      return start_failed(
        c,
        failure(errc::start_failed,
                where(c) + " did not start: " + c.last_reason),
        now);
  }
}

bool core::knows_number(const std::string& name) const {
  std::uint64_t number = 0;
  auto last = name.data() + name.size();
  if (name.size() < 2 || name[0] != 'i' || name[1] == '0')
    return false;
  auto [end, err] = std::from_chars(name.data() + 1, last, number);
  return err == std::errc{} && end == last && number <= last_number_;
}

void core::terminate_child(ticket t, const std::string& name, time_point now) {
  if (busy() && plan_.what != activity::stop)
    return defer([this, t, name](time_point later_now) {
      terminate_child(t, name, later_now);
    });
  auto c = children_.find(name);
  if (!c) {
    if (!simple())
      return host_.answer_error(
        t, failure(errc::not_found,
                   children_.path() + " has no child '" + name + "'"));
    if (knows_number(name))
      return host_.answer_done(t); // It has ended.
    return host_.answer_error(
      t, failure(errc::not_supported,
                 children_.path() + " is a simple_one_for_one and never had '"
                   + name + "'"));
  }
  if (c->alive()) {
    if (!c->stop_tickets)
      c->stop_tickets = std::make_unique<std::vector<ticket>>();
    c->stop_tickets->push_back(t);
    if (!c->asked && !is_member(*c) && !draining_)
      ask(*c, now);
    return;
  }
  set_due(*c, no_time);
  forget_or_keep(*c);
  host_.answer_done(t);
  answer_group_waits();
}

void core::restart_child(ticket t, const std::string& name, time_point now) {
  if (refuses(t))
    return;
  if (simple())
    return host_.answer_error(
      t, failure(errc::not_supported,
                 children_.path()
                   + " is a simple_one_for_one: its children are not restarted"
                     " by hand"));
  if (busy())
    return defer([this, t, name](time_point later_now) {
      restart_child(t, name, later_now);
    });
  auto c = children_.find(name);
  if (!c)
    return host_.answer_error(
      t, failure(errc::not_found,
                 children_.path() + " has no child '" + name + "'"));
  if (c->state == child_state::stopping && c->asked) {
    after_stop_.emplace(c->order, [this, t, name](time_point later_now) {
      restart_child(t, name, later_now);
    });
    return;
  }
  if (c->alive())
    return host_.answer_error(
      t, failure(errc::child_running, where(*c) + " runs already"));
  if (c->state == child_state::restarting)
    return host_.answer_error(
      t, failure(errc::child_restarting, where(*c) + " is being restarted"));
  if (!c->start_tickets)
    c->start_tickets = std::make_unique<std::vector<ticket>>();
  c->start_tickets->push_back(t);
  switch (try_start(*c, origin::revived, now)) {
    case attempt::running:
    case attempt::pending: return;
    case attempt::ignored: return start_ignored(*c, now);
    case attempt::failed:
      return start_failed(
        *c,
        failure(errc::start_failed,
                where(*c) + " did not start: " + c->last_reason),
        now);
  }
}

void core::delete_child(ticket t, const std::string& name, time_point now) {
  if (simple())
    return host_.answer_error(
      t, failure(errc::not_supported,
                 children_.path()
                   + " is a simple_one_for_one: it has one template"));
  if (busy() && plan_.what != activity::stop)
    return defer([this, t, name](time_point later_now) {
      delete_child(t, name, later_now);
    });
  auto c = children_.find(name);
  if (!c)
    return host_.answer_error(
      t, failure(errc::not_found,
                 children_.path() + " has no child '" + name + "'"));
  if (c->state == child_state::stopping && c->asked && !stopping()) {
    after_stop_.emplace(c->order, [this, t, name](time_point later_now) {
      delete_child(t, name, later_now);
    });
    return;
  }
  if (c->alive())
    return host_.answer_error(
      t, failure(errc::child_running, where(*c) + " runs; terminate it first"));
  if (c->state == child_state::restarting)
    return host_.answer_error(
      t, failure(errc::child_restarting, where(*c) + " is being restarted"));
  (void)now;
  remove(*c);
  host_.answer_done(t);
}

void core::await_running(ticket t) {
  if (running_)
    return host_.answer_done(t);
  awaiting_.push_back(t);
}

void core::replace_stuck(child& c, time_point now) {
  if (!c.alive() || c.asked || c.zombie || stopping())
    return;
  if (busy())
    return defer(
      [this, order = c.order, number = c.incarnation](time_point later_now) {
        if (auto x = find(order);
            x && x->incarnation == number && x->state == child_state::stuck)
          replace_stuck(*x, later_now);
      });
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
  // When it does return, it ends at once.
  z.kill_sent = true;
  host_.kill(z);
  if (!limit_.add(now))
    return give_up(c, now);
  switch (try_start(c, origin::restart, now)) {
    case attempt::running:
    case attempt::pending:
      return host_.report(c, transition::replaced,
                          "runs beside '" + z.name + "', which is stuck");
    case attempt::ignored: return start_ignored(c, now);
    case attempt::failed:
      return start_failed(
        c,
        failure(errc::start_failed,
                where(c) + " did not start: " + c.last_reason),
        now);
  }
}

child_counts core::counts() const {
  return counts_;
}

} // namespace hololoom::supervision
