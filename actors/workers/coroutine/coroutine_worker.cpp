#include <hololoom/actors/supervision/directory.hpp>
#include <hololoom/actors/workers/coroutine/coroutine_worker.hpp>

#include <utility>

namespace hololoom::detail {

coroutine_worker::coroutine_worker(caf::actor_config& cfg,
                                   std::function<task(task_context)> body,
                                   const std::shared_ptr<directory>& names)
  : worker_actor(cfg), body_(std::move(body)), names_(names) {}

caf::behavior coroutine_worker::make_behavior() {
  listen();
  try {
    start(body_(task_context{*this}));
  } catch (...) {
    // Thrown by the function that makes the coroutine, not by the coroutine.
    conclude(crash("coroutine", std::current_exception()));
    return {};
  }
  if (state() != outcome::running)
    return {};
  return {[this](wake x) {
    arrived(x.op);
  }};
}

void coroutine_worker::on_exit() {
  destroy();
  ticket_.release();
  // Captures may hold handles, so they are released when the actor ends, not
  // with the last reference to it.
  body_ = nullptr;
}

std::optional<work_note> coroutine_worker::doing() const {
  auto [what, since, busy] = activity();
  if (!busy)
    return std::nullopt;
  return work_note{what, since};
}

void coroutine_worker::on_stop() {
  cancel();
}

void coroutine_worker::ended() {
  switch (state()) {
    case outcome::threw: conclude(crash("coroutine", error())); break;
    case outcome::runaway:
      conclude(failure(errc::cancelled,
                       "the coroutine caught its cancellation "
                         + std::to_string(max_swallowed)
                         + " times and awaited again: it was destroyed; let "
                           "`cancelled` through, or use a shield"));
      break;
    default: conclude();
  }
}

caf::expected<caf::strong_actor_ptr>
coroutine_worker::find(std::string_view name) {
  auto names = names_.lock();
  if (!names)
    return failure(errc::unavailable,
                   "the tree with '" + std::string{name} + "' is gone");
  return names->stand_in(system(), name);
}

void coroutine_worker::wake_at(std::uint64_t op, time_point due) {
  ticket_.arm(ctrl(), due, op);
}

void coroutine_worker::wake_soon(std::uint64_t op) {
  send(this, wake{op});
}

void coroutine_worker::forget_wake() noexcept {
  ticket_.disarm();
}

void wake_from_outside(const caf::actor_addr& worker, std::uint64_t op) {
  if (auto there = caf::actor_cast<caf::strong_actor_ptr>(worker))
    put(there, caf::make_message(wake{op}));
}

} // namespace hololoom::detail
