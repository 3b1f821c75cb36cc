#include <hololoom/actors/workers/threads/periodic_worker.hpp>

#include <cassert>
#include <chrono>
#include <exception>
#include <utility>

namespace hololoom::detail {

caf::actor_clock::time_point next_beat(caf::actor_clock::time_point last,
                                       caf::timespan interval,
                                       caf::actor_clock::time_point now) {
  assert(interval.count() > 0);
  if (now < last)
    return last;
  return last + ((now - last) / interval + 1) * interval;
}

periodic_worker::periodic_worker(caf::actor_config& cfg, caf::timespan interval,
                                 std::function<void()> body,
                                 periodic_options options)
  : worker_actor(cfg),
    interval_(interval),
    body_(std::move(body)),
    options_(std::move(options)) {}

caf::behavior periodic_worker::make_behavior() {
  listen();
  due_ = clock().now();
  if (options_.immediately)
    send(this, wake{0});
  else
    schedule();
  return {[this](wake) { beat(); },
          [this](thread_done& x) {
            on_thread_ = false;
            done(std::move(x.reason));
          }};
}

void periodic_worker::on_exit() {
  ticket_.release();
  thread_->abandon();
  body_ = nullptr;
  options_.on_failure = nullptr;
}

std::optional<work_note> periodic_worker::doing() const {
  if (auto since = running_since_.load(); since != 0) {
    using time_point = caf::actor_clock::time_point;
    return work_note{"periodic function runs",
                     time_point{time_point::duration{since}}};
  }
  return thread_->note();
}

void periodic_worker::on_stop() {
  ticket_.disarm();
  if (!on_thread_)
    conclude();
}

void periodic_worker::beat() {
  if (on_thread_ || stopping())
    return;
  try {
    if (options_.may_block) {
      thread_->start(caf::strong_actor_ptr{ctrl()}, "periodic function",
                     [body = body_](const std::stop_token&) { body(); });
      on_thread_ = true;
      return;
    }
    running_since_ =
      std::chrono::steady_clock::now().time_since_epoch().count();
    body_();
  } catch (...) {
    running_since_ = 0;
    done(crash("periodic function", std::current_exception()));
    return;
  }
  running_since_ = 0;
  done({});
}

void periodic_worker::done(caf::error reason) {
  if (reason && options_.on_failure) {
    try {
      options_.on_failure({++failures_, explain(reason)});
      reason = {};
    } catch (...) {
      reason = crash("on_failure function", std::current_exception());
    }
  }
  if (reason || stopping())
    conclude(std::move(reason));
  else
    schedule();
}

void periodic_worker::schedule() {
  due_ = next_beat(due_, interval_, clock().now());
  ticket_.arm(ctrl(), due_, 0);
}

} // namespace hololoom::detail
