#include <hololoom/actors/workers/awaiting_drain.hpp>
#include <hololoom/actors/workers/background.hpp>
#include <hololoom/actors/workers/threads/thread_run.hpp>
#include <hololoom/actors/workers/worker_actor.hpp>
#include <hololoom/messages/caf/put.hpp>

#include <cassert>
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
      // A function that was told to end may end this way.
      if (stop.stop_requested())
        return {};
    } catch (...) {
    }
    return crash(kind, std::current_exception());
  }
  return {};
}

} // namespace

void thread_run::start(caf::strong_actor_ptr owner, const char* kind,
                       std::function<void(std::stop_token)> body) {
  {
    lock_guard guard{mutex_};
    assert(!note_);
    owner_ = std::move(owner);
    note_ =
      work_note{std::string{kind} + " runs", std::chrono::steady_clock::now()};
  }
  try {
    std::thread([me = shared_from_this(), kind,
                 body = std::move(body)]() mutable {
      me->run(kind, std::move(body));
    }).detach();
  } catch (...) {
    lock_guard guard{mutex_};
    owner_ = nullptr;
    note_.reset();
    throw;
  }
}

void thread_run::run(const char* kind,
                     std::function<void(std::stop_token)> body) {
  this_run = this;
  auto reason = [&] {
    worker_code mine{awaits_drain_, false};
    return call(kind, body, stop_.get_token());
  }();
  // The captures are destroyed before the owner is told of the end.
  body = nullptr;
  this_run = nullptr;
  // The reference to the owner is released after the lock, because its release
  // may end the owner, which calls `abandon`.
  caf::strong_actor_ptr owner;
  lock_guard guard{mutex_};
  note_.reset();
  owner = std::move(owner_);
  // Sent under the lock, so that `abandon` waits for it.
  if (owner)
    put(owner, caf::make_message(thread_done{std::move(reason)}));
}

void thread_run::abandon() {
  caf::strong_actor_ptr owner;
  {
    lock_guard guard{mutex_};
    owner = std::move(owner_);
  }
  request_stop();
}

bool thread_run::running() const {
  return note().has_value();
}

std::optional<work_note> thread_run::note() const {
  lock_guard guard{mutex_};
  return note_;
}

void thread_run::set_doing(std::string what) {
  lock_guard guard{mutex_};
  note_ = work_note{std::move(what), std::chrono::steady_clock::now()};
}

thread_run* thread_run::current() noexcept {
  return this_run;
}

} // namespace hololoom::detail

namespace hololoom {

void report_doing(std::string what) {
  if (auto* run = detail::thread_run::current())
    run->set_doing(std::move(what));
}

} // namespace hololoom
