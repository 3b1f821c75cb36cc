#include <hololoom/actors/supervision/cascade/store_phase.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <caf/send.hpp>

#include <utility>

namespace hololoom {

void store_phase::begin() {
  left_ = run_.plan.stores;
  run_.arm(run_.plan.limits.slack);
  auto buffer = run_.plan.buffer ? run_.plan.buffer() : flushing_actor{};
  if (!buffer)
    return close_next();
  run_.self->request(buffer, caf::infinite, reflection_status_query{})
    .then(
      [this, epoch = run_.epoch()](const reflection_status& x) {
        run_.report.late_stores = x.late_stores;
        run_.report.problem = x.problem;
        if (epoch == run_.epoch())
          close_next();
      },
      [this, epoch = run_.epoch()](const caf::error&) {
        if (epoch == run_.epoch())
          close_next();
      });
}

void store_phase::close_next() {
  // An answer that comes after its limit must not count twice.
  run_.next_epoch();
  store_ = {};
  if (left_.empty())
    return end_root();
  auto store = left_.back();
  left_.pop_back();
  auto child = run_.plan.names->living_child_at(run_.plan.path + "/" + store);
  if (!child)
    return close_next();
  store_ = std::move(*child);
  asked_at_ = run_.clock();
  run_.watch(store_);
  run_.arm(run_.plan.limits.store_limit);
  if (run_.root_hears)
    caf::anon_send<caf::message_priority::high>(
      caf::actor_cast<caf::actor>(run_.plan.root),
      drain_request{{store}, run_.due, false});
  else
    run_.ask_to_end(store_);
}

void store_phase::is_down(const caf::down_msg& msg) {
  if (ending_root_ && msg.source == run_.plan.root.address())
    return run_.done();
  auto was_store = store_.handle && msg.source == store_.handle->address();
  if (run_.is_down(msg) && was_store)
    force_store();
}

/// The time of a store is up, or that of the root.
void store_phase::limit_reached() {
  if (ending_root_)
    return root_timed_out();
  if (store_.handle)
    force_store();
  else
    close_next();
}

/// What a store's probe speaks for, such as a thread, may go on without it.
void store_phase::force_store() {
  run_.next_epoch(); // The store's own time does not count any more.
  run_.force(living_walk{{}, {std::exchange(store_, {})}}, asked_at_,
             [this] { close_next(); });
}

void store_phase::end_root() {
  ending_root_ = true;
  run_.self->monitor(run_.plan.root);
  exit_high(run_.plan.root, caf::exit_reason::user_shutdown);
  // It ends when the child has that asked for the shutdown and waits for it.
  if (run_.excused)
    return run_.done();
  if (run_.root_is_stuck)
    return root_timed_out();
  run_.arm(run_.plan.limits.kill_wait);
}

void store_phase::root_timed_out() {
  living_child root;
  root.path = run_.plan.path;
  root.kind = "supervisor";
  root.handle = caf::actor_cast<caf::strong_actor_ptr>(run_.plan.root);
  root.nested = true;
  run_.forced.abandon({root});
  exit_high(run_.plan.root, caf::exit_reason::kill);
  run_.done(std::string{"the root supervisor did not end in time"});
}

} // namespace hololoom
