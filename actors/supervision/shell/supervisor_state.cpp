#include <hololoom/actors/supervision/shell/supervisor_state.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace hololoom::supervision {

namespace {

/// A tick keeps the actor's memory until it fires: none is longer.
constexpr auto longest_tick = std::chrono::milliseconds{250};

/// Compared by code, because an error to compare with would be allocated anew
/// for each of very many.
exit_class classify(const caf::error& reason) {
  if (!reason)
    return exit_class::normal;
  static const auto exits =
    caf::make_error(caf::exit_reason::user_shutdown).category();
  if (reason.category() != exits)
    return exit_class::abnormal;
  switch (static_cast<caf::exit_reason>(reason.code())) {
    case caf::exit_reason::normal: return exit_class::normal;
    case caf::exit_reason::user_shutdown: return exit_class::shutdown;
    case caf::exit_reason::kill: return exit_class::killed;
    default: return exit_class::abnormal;
  }
}

child_info info_of(const child& c) {
  return {c.name, c.state, c.spec->type, c.incarnation, c.handle, c.starts};
}

std::string text_of(exit_class why, const caf::error& reason) {
  switch (why) {
    case exit_class::normal: return "normal";
    case exit_class::shutdown:
      return reason.context().empty() ? "shutdown" : explain(reason);
    case exit_class::killed: return "killed";
    case exit_class::abnormal: break;
  }
  return explain(reason);
}

} // namespace

supervisor_state::supervisor_state(supervisor_impl::base* self,
                                   supervisor_setup setup)
  : self_(self),
    setup_(std::move(setup)),
    board_(std::make_shared<board>(setup_.path, self->address())),
    core_(setup_.options, *board_, *this),
    watch_(*board_, *this) {
  setup_.options.names->add(board_);
}

supervisor_state::~supervisor_state() {
  setup_.options.names->remove(board_.get());
  if (done_ && outlived_) {
    setup_.options.names->ledger().keep(
      std::make_shared<std::pair<std::shared_ptr<board>, address_map>>(
        std::move(board_), std::move(by_address_)));
    return;
  }
  // After an orderly end there are no children. A supervisor that is killed
  // kills its children, because only it knows them.
  for (auto& [order, c] : board_->children()) {
    if (!c.alive())
      continue;
    force_probe(c.probe);
    exit_high(c.handle, caf::exit_reason::kill);
    abandoned(c);
  }
}

supervisor_impl::behavior_type supervisor_state::make_behavior() {
  self_->set_down_handler([this](caf::down_msg& msg) { down(msg); });
  self_->set_exit_handler([this](caf::exit_msg& msg) {
    if (classify(msg.reason) != exit_class::normal)
      begin_stop(no_time);
  });
  self_->send(self_, boot_message{});
  return {
    [this](start_child& x) {
      return later<child_started>(
        [&](ticket t) { core_.start_child(t, std::move(x), now()); });
    },
    [this](const terminate_child& x) {
      return later<acknowledged>(
        [&](ticket t) { core_.terminate_child(t, x, now()); });
    },
    [this](const restart_child& x) {
      return later<child_started>(
        [&](ticket t) { core_.restart_child(t, x.name, now()); });
    },
    [this](const delete_child& x) {
      return later<acknowledged>(
        [&](ticket t) { core_.delete_child(t, x.name, now()); });
    },
    [this](which_children) { return list(); },
    [this](count_children) { return core_.counts(); },
    [this](const which_child& x) -> caf::result<child_info> {
      if (auto c = known(x.name))
        return info_of(*c);
      return unknown(x.name);
    },
    [this](const get_childspec& x) -> caf::result<known_spec> {
      if (auto c = known(x.name))
        return known_spec{c->spec};
      return unknown(x.name);
    },
    [this](await_running) {
      return later<acknowledged>([&](ticket t) { core_.await_running(t); });
    },
    [this](tree_query) {
      return setup_.options.names->snapshot(setup_.path, now());
    },
    [this](const subscribe_events& x) {
      subscribe(x);
      return acknowledged{};
    },
    [this](drain_request& x) {
      board_->begin_stopping();
      return later<drained>(
        [&](ticket t) { core_.drain(t, std::move(x), now()); });
    },
    [this](const stop_by& x) { begin_stop(x.end); },
    [this](const abandon_children& x) {
      outlived_ = outlived_ || x.others;
      if (!done_)
        core_.abandon(x, now());
      arm();
    },
    [this](const child_ready& x) {
      core_.ready(x.name, x.start_id, x.reason, now());
      arm();
    },
    [this](child_progress& x) {
      // The start of its child is a part of this supervisor's own.
      if (setup_.parent)
        setup_.parent->progressed(x.name + ": " + x.what);
      core_.progressed(x.name, x.start_id, std::move(x.what), now());
      arm();
    },
    [this](const tick_message& x) { tick(x.epoch); },
    [this](sweep_message) { sweep(); },
    [this](proceed_message) { proceed(); },
    [this](boot_message) {
      if (setup_.parent)
        core_.await_running(own_start);
      by_address_.reserve(setup_.children->size());
      board_->reserve(setup_.children->size());
      core_.boot(setup_.children, now());
      arm();
    },
  };
}

// -- handlers ---------------------------------------------------------------------------

template <class T, class F>
caf::result<T> supervisor_state::later(F f) {
  auto rp = self_->make_response_promise<T>();
  auto t = ++last_ticket_;
  pending_.emplace(t, rp);
  f(t);
  arm();
  return rp;
}

void supervisor_state::down(const caf::down_msg& msg) {
  if (done_)
    return;
  auto i =
    by_address_.find(caf::actor_cast<caf::actor_control_block*>(msg.source));
  if (i != by_address_.end()) {
    auto why = classify(msg.reason);
    core_.down(*i->second, why, text_of(why, msg.reason), now());
  }
  arm();
}

void supervisor_state::begin_stop(time_point end) {
  if (!done_) {
    board_->begin_stopping();
    stopping_self_ = caf::strong_actor_ptr{self_->ctrl()};
    core_.stop(now(), end);
  }
  arm();
}

void supervisor_state::tick(std::uint64_t epoch) {
  if (epoch != epoch_ || done_)
    return;
  armed_ = no_time;
  core_.tick(now());
  arm();
}

void supervisor_state::sweep() {
  sweeping_ = false;
  if (done_)
    return;
  watch_.sweep(now());
  arm_sweep();
  arm();
}

void supervisor_state::proceed() {
  if (done_)
    return;
  core_.proceed(now());
  arm();
}

const child* supervisor_state::known(const std::string& id) const {
  auto c = board_->find(id);
  return c && !c->zombie ? c : nullptr;
}

caf::error supervisor_state::unknown(const std::string& id) const {
  return failure(errc::not_found, setup_.path + " has no child '" + id + "'");
}

child_list supervisor_state::list() const {
  child_list result;
  result.children.reserve(board_->children().size());
  for (const auto& [order, c] : board_->children())
    if (!c.zombie)
      result.children.push_back(info_of(c));
  return result;
}

void supervisor_state::subscribe(const subscribe_events& request) {
  auto listener = request.listener;
  if (!listener)
    listener = caf::actor_cast<caf::actor>(self_->current_sender());
  if (listener)
    setup_.options.events->subscribe(listener);
}

time_point supervisor_state::now() const {
  return self_->clock().now();
}

void supervisor_state::arm() {
  if (done_)
    return;
  auto t = now();
  auto due = core_.next_due(t);
  if (due == no_time || due >= armed_)
    return;
  due = std::min(due, t + longest_tick);
  armed_ = due;
  self_->delayed_send(self_, due > t ? due - t : time_point::duration{0},
                      tick_message{++epoch_});
}

void supervisor_state::arm_sweep() {
  auto wait = watch_.interval();
  if (!wait || std::exchange(sweeping_, true))
    return;
  self_->delayed_send(self_, *wait, sweep_message{});
}

std::string supervisor_state::path_of(const child& c) const {
  return setup_.path + "/" + c.name;
}

} // namespace hololoom::supervision
