#include <hololoom/actors/workers/coroutine/task_runner.hpp>

#include <chrono>
#include <stdexcept>
#include <utility>

namespace hololoom::detail {

task_runner::~task_runner() = default;

void task_runner::start(task body) {
  note("running", true);
  if (!body) {
    state_ = outcome::threw;
    error_ = std::make_exception_ptr(
      std::logic_error("the function returned no coroutine"));
    ended();
    return;
  }
  body_ = std::move(body);
  body_.frame().promise().runner = this;
  run(body_.frame());
}

void task_runner::cancel() {
  if (stop_requested_)
    return;
  stop_requested_ = true;
  busy_.store(true);
  // A task with a shield up goes on waiting.
  if (shields_ > 0 || suspended_ == nullptr)
    return;
  op_ = 0;
  forget_wake();
  note("cleaning up", true);
  run(std::exchange(suspended_, nullptr));
}

void task_runner::destroy() noexcept {
  op_ = 0;
  suspended_ = nullptr;
  forget_wake();
  body_.reset();
}

std::uint64_t task_runner::wait(std::coroutine_handle<> h, const char* doing,
                                std::size_t arrivals) {
  assert(suspended_ == nullptr);
  // Only a task that has caught its cancellation too often gets here after it
  // was told to end. It stays suspended, and `run` destroys it.
  if (stop_requested_ && shields_ == 0) {
    state_ = outcome::runaway;
    return 0;
  }
  suspended_ = h;
  pending_ = arrivals;
  note(doing, stop_requested_);
  return op_ = ++last_op_;
}

void task_runner::arrived(std::uint64_t op) {
  if (!waits(op) || --pending_ > 0)
    return;
  op_ = 0;
  note("running", true);
  run(std::exchange(suspended_, nullptr));
}

void task_runner::set_doing(const char* text) noexcept {
  note(text, true);
}

task_runner::activity_note task_runner::activity() const noexcept {
  return {doing_.load(), time_point{time_point::duration{since_.load()}},
          busy_.load()};
}

void task_runner::note(const char* doing, bool busy) noexcept {
  doing_.store(doing, std::memory_order_relaxed);
  since_.store(std::chrono::steady_clock::now().time_since_epoch().count(),
               std::memory_order_relaxed);
  busy_.store(busy, std::memory_order_relaxed);
}

void task_runner::throw_cancelled() {
  ++swallowed_;
  throw cancelled{};
}

void task_runner::run(std::coroutine_handle<> from) {
  next_ = from;
  while (auto next = std::exchange(next_, nullptr))
    next.resume();
  if (state_ == outcome::runaway || body_.frame().done())
    finish();
}

void task_runner::finish() {
  if (state_ != outcome::runaway) {
    auto& promise = body_.frame().promise();
    // A `cancelled` of a task that was not told to end is like any exception.
    if (promise.error && !(promise.was_cancelled && stop_requested_)) {
      state_ = outcome::threw;
      error_ = promise.error;
    } else {
      state_ = stop_requested_ ? outcome::was_cancelled : outcome::returned;
    }
  }
  destroy();
  ended();
}

} // namespace hololoom::detail
