#include <hololoom/actors/supervision/cascade/hooks.hpp>
#include <hololoom/actors/supervision/cascade/run.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <algorithm>

namespace hololoom {

namespace {

/// The part of the force in which children are killed. The rest is for the
/// tree.
constexpr auto kill_share = 0.9;

} // namespace

cascade_run::cascade_run(caf::event_based_actor* me, cascade_plan what,
                         bool own_thread)
  : self(me),
    plan(std::move(what)),
    forced(me, plan.names, ticks(plan.limits.kill_wait),
           ticks(plan.limits.force * kill_share), own_thread) {}

void cascade_run::enter(cascade_phase next) {
  phase = next;
  next_epoch();
  entered = clock();
  over_ = false;
  problem_ = nothing;
}

void cascade_run::done(maybe<std::string> with_problem) {
  if (over_)
    return;
  over_ = true;
  problem_ = std::move(with_problem);
  on_done();
}

void cascade_run::arm(millis limit) {
  due = clock() + ticks(limit);
  wait();
}

void cascade_run::wait() {
  auto left = std::min(due, reminder) - clock();
  self->delayed_send(
    self, std::clamp<std::chrono::nanoseconds>(left, {}, longest_tick),
    phase_limit{epoch_});
}

void cascade_run::force(living_walk children, time_point asked_at,
                        const std::function<void()>& then) {
  auto before = forced.forced();
  forced.kill(std::move(children), asked_at,
              [this, before, then, at = since(began)] {
                if (forced.forced() > before && !report.first_force_at)
                  report.first_force_at = at;
                then();
              });
}

void cascade_run::ask_to_end(const living_child& x) {
  exit_high(x.handle, caf::make_error(caf::exit_reason::user_shutdown));
}

void cascade_run::watch(const living_child& x) {
  self->monitor(x.handle);
  watched_[x.handle.get()] = {x, clock()};
}

bool cascade_run::is_down(const caf::down_msg& msg) {
  auto node =
    watched_.extract(caf::actor_cast<caf::actor_control_block*>(msg.source));
  if (node.empty())
    return false;
  auto& [who, asked_at] = node.mapped();
  auto how = fate_of(msg.reason);
  if (how != ended::killed) { // The code that killed it reports it.
    seen.add({who.path, who.kind, how, since(asked_at), false, nothing,
              failure_of(msg.reason)});
    forced.is_known(who.handle);
  }
  return true;
}

bool cascade_run::is_store(const std::string& path) const {
  return std::any_of(plan.stores.begin(), plan.stores.end(),
                     [&](const std::string& x) {
                       auto store = plan.path + "/" + x;
                       return path == store || path.starts_with(store + "/");
                     });
}

} // namespace hololoom
