#include <hololoom/actors/supervision/cascade/signal_phase.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace hololoom {

void signal_phase::begin() {
  began_ = true;
  run_.plan.names->ledger().keep_ends();
  run_.signaled = run_.entered;
  auto grace = hurried_ ? least_grace() : run_.plan.limits.grace;
  run_.reminder = run_.entered + cascade_run::ticks(grace) / 4;
  run_.arm(grace);
  drain_producers(run_.entered + cascade_run::ticks(grace));
}

void signal_phase::drain_producers(cascade_run::time_point deadline) {
  run_.self
    ->request<caf::message_priority::high>(
      run_.plan.root, caf::infinite,
      drain_request{{}, deadline, false, run_.plan.stores})
    .then(
      [this](const drained& x) {
        run_.tree_is_down = true;
        run_.excused = run_.excused || x.excused;
        run_.on_tree_down(nothing);
      },
      [this](const caf::error&) {
        run_.tree_is_down = true;
        run_.root_hears = false;
        run_.on_tree_down(std::string{"the root supervisor was gone"});
      });
}

/// A supervisor that has not begun to stop its children may be stuck: they are
/// asked without it.
void signal_phase::ask_directly() {
  run_.reminder = cascade_run::time_point::max();
  if (run_.tree_is_down || run_.phase != cascade_phase::signal)
    return;
  for (auto& x : run_.plan.names->unasked(run_.plan.path)) {
    if (run_.is_store(x.path))
      continue;
    if (x.nested) {
      caf::anon_send<caf::message_priority::high>(
        caf::actor_cast<caf::actor>(x.handle),
        drain_request{{}, run_.due, true});
    } else {
      run_.watch(x);
      run_.ask_to_end(x);
    }
  }
}

void signal_phase::hurry() {
  hurried_ = true;
  if (!began_ || run_.phase != cascade_phase::signal || run_.is_over())
    return;
  auto now = run_.clock();
  auto end = std::max(now, run_.entered + cascade_run::ticks(least_grace()));
  drain_producers(end);
  ask_directly();
  if (end == now)
    cut();
  else
    run_.arm(end - now);
}

/// What a hurried cascade leaves those that it has just told to end: a turn,
/// without which healthy children would be killed as if they were stuck.
millis signal_phase::least_grace() const {
  return std::min(run_.plan.limits.grace, millis{100});
}

void signal_phase::cut() {
  if (std::exchange(cut_, true))
    return;
  if (!run_.plan.cut)
    return run_.done();
  run_.plan.cut(run_.self, [this, epoch = run_.epoch()](weave_tally tally) {
    run_.report.weaves = tally;
    if (epoch == run_.epoch())
      run_.done();
  });
}

} // namespace hololoom
