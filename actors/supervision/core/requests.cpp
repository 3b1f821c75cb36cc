#include <hololoom/actors/supervision/core/core.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace hololoom::supervision {

bool numbered_names::knows(const std::string& name) const {
  std::uint64_t number = 0;
  auto last = name.data() + name.size();
  if (name.size() < 2 || name[0] != 'i' || name[1] == '0')
    return false;
  auto [end, err] = std::from_chars(name.data() + 1, last, number);
  return err == std::errc{} && end == last && number <= last_;
}

// -- errors -----------------------------------------------------------------------

bool core::refuses(ticket t) {
  if (!stopping())
    return false;
  host_.answer_error(
    t, failure(errc::shutting_down,
               books_.path() + " is shutting down and starts nothing"));
  return true;
}

void core::refuse_simple(ticket t, const std::string& why) {
  host_.answer_error(t,
                     failure(errc::not_supported,
                             books_.path() + " is a simple_one_for_one" + why));
}

child* core::find_or_refuse(ticket t, const std::string& name) {
  auto c = books_.find(name);
  if (!c)
    host_.answer_error(
      t,
      failure(errc::not_found, books_.path() + " has no child '" + name + "'"));
  return c;
}

void core::refuse_name(ticket t, const child& old) {
  host_.answer_error(
    t, old.alive() && !old.pending
         ? failure(errc::already_started, books_.where(old) + " runs already")
         : failure(errc::already_present,
                   books_.where(old) + " is known already"
                     + (old.pending ? " and is being started"
                                    : "; restart or delete it")));
}

bool core::refuse_more(ticket t) {
  auto most = options_.max_children;
  const auto& counts = books_.counts();
  if (most == 0 || counts.workers + counts.supervisors < most)
    return false;
  host_.answer_error(
    t, failure(errc::overloaded,
               books_.path() + " has " + std::to_string(most)
                 + " children, and its max_children allows no more"));
  return true;
}

bool core::refuse_active(ticket t, const child& c, const char* advice) {
  if (c.pending)
    host_.answer_error(t, failure(errc::child_restarting,
                                  books_.where(c) + " is being started"));
  else if (c.alive())
    host_.answer_error(t,
                       failure(errc::child_running, books_.where(c) + advice));
  else if (c.state == child_state::restarting)
    host_.answer_error(t, failure(errc::child_restarting,
                                  books_.where(c) + " is being restarted"));
  else
    return false;
  return true;
}

// -- OTP's requests ---------------------------------------------------------------

void core::boot(child_specs specs, time_point now) {
  if (!plan_.booting())
    return; // It was told to stop before it began.
  if (books_.simple()) {
    template_ = specs->front();
    books_.count_template();
    specs = nullptr;
  }
  plan_.boot(std::move(specs));
  advance(now);
}

void core::start_child(ticket t, hololoom::start_child x, time_point now) {
  if (refuses(t))
    return;
  auto again = [this, t, x](time_point later) {
    start_child(t, x, later);
  };
  if (plan_.busy())
    return backlog_.defer(again);
  std::string name;
  if (books_.simple()) {
    if (x.spec)
      return refuse_simple(t, ": it starts its template");
    if (refuse_more(t))
      return;
    x.spec = template_;
    name = names_.next();
  } else {
    if (!x.spec)
      return host_.answer_error(
        t, failure(errc::invalid_spec, "start_child needs a child spec"));
    if (auto problem = check(*x.spec, options_))
      return host_.answer_error(t, problem->to_error());
    if (auto old = books_.find(x.spec->name))
      return old->state == child_state::stopping && old->asked
             ? backlog_.after_stop(old->order, again)
             : refuse_name(t, *old);
    if (refuse_more(t))
      return;
    name = x.spec->name;
  }
  auto& c = books_.add(std::move(name), std::move(x.spec));
  c.argument = std::move(x.argument);
  books_.await_start(c, t);
  auto result = restart_.start(c, origin::added, now);
  if (books_.simple()
      && (result == attempt::ignored || result == attempt::failed))
    names_.take_back();
}

void core::terminate_child(ticket t, const hololoom::terminate_child& x,
                           time_point now) {
  if (plan_.busy() && !plan_.stopping_all())
    return backlog_.defer(
      [this, t, x](time_point later) { terminate_child(t, x, later); });
  const auto& name = x.name;
  if (books_.simple() && !books_.find(name)) {
    if (names_.knows(name))
      return host_.answer_done(t); // It has ended.
    return refuse_simple(t, " and never had '" + name + "'");
  }
  auto c = find_or_refuse(t, name);
  if (!c)
    return;
  if (c->alive()) {
    books_.await_stop(*c, t);
    if (has_ended(*c, now))
      return;
    if (x.by_force && !c->kill_sent)
      stopping_.end_by_force(*c, now);
    else if (!c->asked && !plan_.is_member(*c) && !draining())
      stopping_.ask(*c, now);
    return;
  }
  books_.set_due(*c, no_time);
  stays_down(*c);
  host_.answer_done(t);
  if (!plan_.busy())
    restart_.fail_group_waits();
}

void core::restart_child(ticket t, const std::string& name, time_point now) {
  if (refuses(t))
    return;
  if (books_.simple())
    return refuse_simple(t, ": its children are not restarted by hand");
  auto again = [this, t, name](time_point later) {
    restart_child(t, name, later);
  };
  if (plan_.busy())
    return backlog_.defer(again);
  auto c = find_or_refuse(t, name);
  if (!c)
    return;
  if (c->state == child_state::stopping && c->asked)
    return backlog_.after_stop(c->order, again);
  if (refuse_active(t, *c, " runs already"))
    return;
  books_.await_start(*c, t);
  restart_.start(*c, origin::revived, now);
}

void core::delete_child(ticket t, const std::string& name, time_point) {
  if (books_.simple())
    return refuse_simple(t, ": it has one template");
  auto again = [this, t, name](time_point later) {
    delete_child(t, name, later);
  };
  if (plan_.busy() && !plan_.stopping_all())
    return backlog_.defer(again);
  auto c = find_or_refuse(t, name);
  if (!c)
    return;
  if (c->state == child_state::stopping && c->asked && !stopping())
    return backlog_.after_stop(c->order, again);
  if (refuse_active(t, *c, " runs; terminate it first"))
    return;
  books_.remove(*c);
  host_.answer_done(t);
}

// -- beyond OTP -------------------------------------------------------------------

void core::await_running(ticket t) {
  if (running_)
    return host_.answer_done(t);
  awaiting_.push_back(t);
}

void core::stop(time_point now, time_point end) {
  stop_all_by(caf::make_error(caf::exit_reason::user_shutdown), now, end);
}

void core::drain(ticket t, drain_request request, time_point now) {
  if (!draining())
    begin_draining(now);
  end_when_empty_ = end_when_empty_ || request.then_end;
  drain_.request(t, std::move(request));
  advance_drain(now);
}

void core::abandon(const abandon_children& which, time_point now) {
  for (const auto& name : which.names)
    if (auto c = books_.find(name); c && c->alive() && !has_ended(*c, now))
      abandon(*c, now);
  if (which.others)
    stop_waiting(which.except);
  if (over_)
    return;
  advance(now);
  advance_drain(now);
}

/// Waits no longer for any child that is being stopped, but for supervisors
/// and `except`.
void core::stop_waiting(const std::vector<std::string>& except) {
  // The common case takes one step, however many they are.
  if (end_when_empty_ && except.empty() && books_.counts().supervisors == 0)
    return finish(caf::make_error(caf::exit_reason::user_shutdown));
  for (auto& [order, c] : books_.children()) {
    if (!c.alive() || c.nested || !(c.drained || c.in_plan)
        || std::find(except.begin(), except.end(), c.name) != except.end())
      continue;
    drain_.on_down(c);
    plan_.on_down(c);
    books_.stop_waiting(c);
  }
}

void core::begin_draining(time_point now) {
  if (!plan_.stopping_all())
    plan_.cancel();
  drain_.begin();
  restart_.drop_retries();
  // While all are active, none is being restarted.
  auto& all = books_.children();
  if (books_.counts().active != std::ssize(all))
    for (auto& [order, c] : all) {
      if (c.alive() || c.state != child_state::restarting)
        continue;
      books_.set_due(c, no_time);
      books_.set_state(c, child_state::stopped);
    }
  auto refused =
    failure(errc::shutting_down, books_.path() + " is shutting down");
  for (auto t : std::exchange(awaiting_, {}))
    host_.answer_error(t, refused);
  backlog_.run_all(now);
}

void core::drained_below(child& c, const drained& reply, time_point now) {
  supervision::drain::answered_below(c, reply);
  if (!over_)
    advance_drain(now);
}

} // namespace hololoom::supervision
