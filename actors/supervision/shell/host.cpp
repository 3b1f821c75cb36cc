#include <hololoom/actors/supervision/shell/supervisor_state.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <exception>
#include <utility>

// How the supervisor's actor carries out what the core and the watch decide.

namespace hololoom::supervision {

namespace {

/// Others wait for no longer than this before they have their turn, and for as
/// long once more while what they asked is in the mailbox.
constexpr auto longest_slice = std::chrono::milliseconds{1};

} // namespace

// -- what the core wants ------------------------------------------------------------

start_result supervisor_state::start(child& c, std::int64_t incarnation) {
  start_context ctx;
  ctx.system = &self_->system();
  ctx.path = path_of(c);
  ctx.incarnation = incarnation;
  ctx.start_id = c.start_id;
  ctx.supervisor = self_->address();
  ctx.names = setup_.options.names;
  ctx.events = setup_.options.events;
  ctx.argument = c.argument;
  try {
    auto result = c.spec->start(ctx);
    if (!result.handle
        && (result.how == start_result::outcome::started
            || result.how == start_result::outcome::pending))
      return start_result::failure(
        failure(errc::start_failed, "its factory answered no actor"));
    return result;
  } catch (const std::exception& e) {
    return start_result::failure(failure(errc::start_failed, e.what()));
  } catch (...) {
    return start_result::failure(
      failure(errc::start_failed, "its factory threw something"));
  }
}

void supervisor_state::adopt(child& c) {
  by_address_.insert_or_assign(c.handle.get(), &c);
  self_->monitor(c.handle);
  if (c.spec->stuck.on()) {
    watch_.add(c);
    arm_sweep();
  }
}

void supervisor_state::release(child& c) {
  by_address_.erase(c.handle.get());
}

void supervisor_state::moved(child& from, child& to) {
  by_address_.insert_or_assign(from.handle.get(), &to);
}

void supervisor_state::ask(child& c) {
  exit_high(c.handle, caf::make_error(caf::exit_reason::user_shutdown),
            self_->address(), self_->context());
}

void supervisor_state::kill(child& c) {
  force_probe(c.probe);
  exit_high(c.handle, caf::make_error(caf::exit_reason::kill), self_->address(),
            self_->context());
}

void supervisor_state::stop_below(child& c, time_point end) {
  caf::anon_send<caf::message_priority::high>(
    caf::actor_cast<caf::actor>(c.handle), stop_by{end});
}

void supervisor_state::drain_below(child& c, time_point deadline) {
  auto below = caf::actor_cast<supervisor_actor>(c.handle);
  self_
    ->request<caf::message_priority::high>(below, caf::infinite,
                                           drain_request{{}, deadline, true})
    .then(
      [this, order = c.order](const drained& reply) {
        if (auto x = board_->find(order); x && !done_)
          core_.drained_below(*x, reply, now());
        arm();
      },
      [](const caf::error&) {
        // It is gone; its down says so too.
      });
}

void supervisor_state::report(const child& c, transition what,
                              std::string_view reason) {
  auto& bus = *setup_.options.events;
  auto fails = failure_record::wants(what, reason);
  if (!fails && !bus.wanted(what))
    return;
  lifecycle_event event;
  event.at = hololoom::now();
  event.path = path_of(c);
  event.what = what;
  event.incarnation = c.incarnation;
  event.reason = reason;
  if (fails)
    setup_.options.names->failures().enter(event);
  bus.publish(event);
}

void supervisor_state::ended(const child& c, hololoom::ended how,
                             const std::string& reason, time_point now) {
  auto& ledger = setup_.options.names->ledger();
  if (!ledger.keeps_ends() || board_->is_claimed(c))
    return;
  child_outcome o;
  o.name = path_of(c);
  o.kind = c.spec->kind;
  o.how = how;
  if (c.asked)
    o.took = now - c.asked_at;
  if (how == hololoom::ended::abandoned)
    if (auto doing = describe_work(c))
      o.doing = std::move(*doing);
  if (how == hololoom::ended::crashed)
    o.reason = reason;
  ledger.enter_end(std::move(o));
}

void supervisor_state::abandoned(const child& c) {
  auto& ledger = setup_.options.names->ledger();
  ledger.forget_ended_of_many();
  ledger.abandon(living(c, setup_.path));
}

template <class T>
void supervisor_state::deliver(ticket t, T value) {
  if (auto i = pending_.find(t); i != pending_.end()) {
    std::get<promise<T>>(i->second).deliver(std::move(value));
    pending_.erase(i);
  }
}

void supervisor_state::answer_started(ticket t, const child& c) {
  deliver(t, child_started{c.name, c.incarnation, c.handle});
}

void supervisor_state::answer_done(ticket t) {
  if (t == own_start)
    return setup_.parent ? setup_.parent->ready() : void();
  deliver(t, acknowledged{});
}

void supervisor_state::answer_error(ticket t, caf::error reason) {
  if (auto i = pending_.find(t); i != pending_.end()) {
    std::visit([&](auto& p) { p.deliver(std::move(reason)); }, i->second);
    pending_.erase(i);
  }
}

void supervisor_state::answer_drain(ticket t, drained reply) {
  deliver(t, reply);
}

void supervisor_state::proceed_later() {
  self_->send(self_, proceed_message{});
}

bool supervisor_state::too_long(time_point since) const {
  return now() - since >= longest_slice;
}

void supervisor_state::finished(caf::error reason) {
  done_ = true;
  // Its name is free before any actor learns of its end.
  setup_.options.names->remove(board_.get());
  setup_.claim = nullptr;
  // Every request that still waits gets an answer.
  for (auto& [t, request] : std::exchange(pending_, {}))
    std::visit(
      [&](auto& p) {
        p.deliver(failure(errc::shutting_down, setup_.path + " has ended"));
      },
      request);
  self_->quit(std::move(reason));
}

// -- stuck children --------------------------------------------------------------------

void supervisor_state::became_stuck(child& c, std::string_view doing) {
  report(c, transition::stuck, doing);
  if (c.spec->stuck.replace)
    core_.replace_stuck(c, now());
}

void supervisor_state::recovered(child& c) {
  report(c, transition::recovered, {});
}

void supervisor_state::ping(child& c) {
  auto on_answer = [this, order = c.order, incarnation = c.incarnation] {
    watch_.answered(order, incarnation);
  };
  self_
    ->request<caf::message_priority::high>(
      caf::actor_cast<caf::actor>(c.handle), caf::infinite, caf::sys_atom{},
      caf::get_atom{}, std::string{"info"})
    .then([on_answer](caf::ok_atom, const std::string&,
                      const caf::strong_actor_ptr&,
                      const std::string&) { on_answer(); },
          [on_answer](const caf::error&) { on_answer(); });
}

} // namespace hololoom::supervision
