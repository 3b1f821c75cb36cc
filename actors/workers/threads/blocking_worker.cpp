#include <hololoom/actors/workers/threads/blocking_worker.hpp>

#include <exception>
#include <utility>

namespace hololoom::detail {

blocking_worker::blocking_worker(caf::actor_config& cfg,
                                 std::function<void(std::stop_token)> body)
  : worker_actor(cfg), body_(std::move(body)) {}

caf::behavior blocking_worker::make_behavior() {
  listen();
  try {
    thread_->start(caf::strong_actor_ptr{ctrl()}, "blocking function",
                   std::move(body_));
  } catch (...) {
    conclude(crash("start of a thread", std::current_exception()));
    return {};
  }
  return {[this](thread_done& x) {
    conclude(std::move(x.reason));
  }};
}

void blocking_worker::on_exit() {
  thread_->abandon();
}

void blocking_worker::on_stop() {
  thread_->request_stop();
}

} // namespace hololoom::detail
