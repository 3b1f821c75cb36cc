#include <hololoom/actors/workers/awaiting_drain.hpp>
#include <hololoom/actors/workers/background.hpp>
#include <hololoom/actors/workers/threads/thread_run.hpp>
#include <hololoom/actors/workers/worker_actor.hpp>
#include <hololoom/messages/caf/put.hpp>

#include <chrono>
#include <thread>
#include <utility>

namespace hololoom::detail {

namespace {

thread_local thread_run* this_run = nullptr;

caf::error call(const char* kind, std::function<void(std::stop_token)>& body,
                const std::stop_token& stop) {
  try {
    body(stop);
  } catch (...) {
    try {
      throw;
    } catch (const cancelled&) {
      // As good an end as any for who was told to end.
      if (stop.stop_requested())
        return {};
    } catch (...) {
    }
    return crash(kind, std::current_exception());
  }
  return {};
}

} // namespace

std::shared_ptr<thread_run>
thread_run::start(caf::strong_actor_ptr owner, const char* kind,
                  std::function<void(std::stop_token)> body) {
  std::shared_ptr<thread_run> result{new thread_run(std::move(owner), kind)};
  try {
    std::thread([result, body = std::move(body)]() mutable {
      result->run(std::move(body));
    }).detach();
  } catch (...) {
    result->forget_owner();
    throw;
  }
  return result;
}

thread_run::thread_run(caf::strong_actor_ptr owner, const char* kind)
  : kind_(kind),
    owner_(std::move(owner)),
    note_{std::string{kind} + " runs", std::chrono::steady_clock::now()} {}

void thread_run::run(std::function<void(std::stop_token)> body) {
  this_run = this;
  auto reason = [&] {
    worker_code mine{awaits_drain_};
    return call(kind_, body, stop_.get_token());
  }();
  // What the function captured is gone before anybody hears of its end.
  body = nullptr;
  this_run = nullptr;
  caf::strong_actor_ptr owner;
  {
    std::lock_guard guard{mutex_};
    running_ = false;
    owner = std::move(owner_);
    // Under the mutex, so that `forget_owner` waits for it. Letting go of the
    // owner may end it, which calls `forget_owner`: that is done outside.
    if (owner)
      put(owner, caf::make_message(thread_done{std::move(reason)}));
  }
}

void thread_run::forget_owner() {
  caf::strong_actor_ptr owner;
  std::lock_guard guard{mutex_};
  owner = std::move(owner_);
}

bool thread_run::running() const {
  std::lock_guard guard{mutex_};
  return running_;
}

std::optional<work_note> thread_run::note() const {
  std::lock_guard guard{mutex_};
  if (!running_)
    return std::nullopt;
  return note_;
}

void thread_run::set_doing(std::string what) {
  std::lock_guard guard{mutex_};
  note_ = {std::move(what), std::chrono::steady_clock::now()};
}

thread_run* thread_run::current() noexcept {
  return this_run;
}

void thread_slot::start(caf::actor_control_block* owner, const char* kind,
                        std::function<void(std::stop_token)> body) {
  // Nobody sees a slot without a run while the function is at work already.
  std::lock_guard guard{mutex_};
  run_ = thread_run::start(caf::strong_actor_ptr{owner}, kind, std::move(body));
}

void thread_slot::request_stop() {
  if (auto run = get())
    run->request_stop();
}

void thread_slot::let_go() {
  if (auto run = get()) {
    run->forget_owner();
    run->request_stop();
  }
}

bool thread_slot::running() const {
  auto run = get();
  return run && run->running();
}

bool thread_slot::awaits_drain() const {
  auto run = get();
  return run && run->awaits_drain();
}

std::optional<work_note> thread_slot::note() const {
  auto run = get();
  return run ? run->note() : std::nullopt;
}

std::shared_ptr<thread_run> thread_slot::get() const {
  std::lock_guard guard{mutex_};
  return run_;
}

} // namespace hololoom::detail

namespace hololoom {

void report_doing(std::string what) {
  if (auto* run = detail::thread_run::current())
    run->set_doing(std::move(what));
}

} // namespace hololoom
