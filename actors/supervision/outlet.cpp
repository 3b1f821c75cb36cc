#include <hololoom/actors/supervision/outlet.hpp>

#include <cxxabi.h>
#include <deque>
#include <utility>

namespace hololoom {

/// Shared with the thread, which may outlive the outlet.
struct outlet::state {
  mutable mutex mutex_;
  condition changed;
  std::deque<function> queue HOLOLOOM_GUARDED_BY(mutex_);
  std::int64_t lost HOLOLOOM_GUARDED_BY(mutex_) = 0;
  bool running HOLOLOOM_GUARDED_BY(mutex_) = false;
  bool excused HOLOLOOM_GUARDED_BY(mutex_) = false;
  bool ended HOLOLOOM_GUARDED_BY(mutex_) = false;
  /// The outlet that a function of this one waits for in `finish`; under the
  /// lock of `waits`.
  state* waits_for = nullptr;
  /// The outlet whose thread this is.
  static thread_local state* here;

  void run();
  bool end();
  void await_return();
};

namespace {

/// Guards which outlet waits for which.
mutex& waits() {
  // Never destroyed: an outlet's thread may outlive `main`.
  static auto* instance = new mutex;
  return *instance;
}

void call(outlet::function& f) {
  try {
    f();
  } catch (const abi::__forced_unwind&) {
    throw; // The function ends its thread.
  } catch (...) {
    // A defect of the function's, not of the code that posted it.
  }
  // What it refers to goes before anybody learns that it has returned.
  f = nullptr;
}

} // namespace

thread_local outlet::state* outlet::state::here = nullptr;

void outlet::state::run() {
  // Whether it was ended, or a function ends its thread.
  struct last_act {
    state& x;
    ~last_act() {
      x.end();
      lock_guard guard{x.mutex_};
      x.running = false;
      x.changed.notify_all();
    }
  } last{*this};
  here = this;
  unique_lock lock{mutex_};
  for (;;) {
    while (queue.empty() && !ended)
      changed.wait(lock);
    if (ended)
      return;
    auto f = std::move(queue.front());
    queue.pop_front();
    running = true;
    lock.unlock();
    call(f);
    lock.lock();
    running = false;
    excused = false;
    changed.notify_all();
  }
}

bool outlet::state::end() {
  std::deque<function> dropped; // Destroyed outside of the lock.
  lock_guard guard{mutex_};
  ended = true;
  lost += static_cast<std::int64_t>(queue.size());
  dropped.swap(queue);
  changed.notify_all();
  return !running || excused;
}

void outlet::state::await_return() {
  unique_lock lock{mutex_};
  while (running)
    changed.wait(lock);
}

outlet::outlet() : state_(std::make_shared<state>()) {
  thread_ = std::thread{[mine = state_] {
    mine->run();
  }};
}

outlet::~outlet() {
  end();
  auto busy = [this] {
    lock_guard guard{state_->mutex_};
    return state_->running;
  }();
  if (busy)
    thread_.detach();
  else
    thread_.join();
}

bool outlet::post(function f) {
  lock_guard guard{state_->mutex_};
  if (state_->ended)
    return false;
  if (state_->queue.size() >= capacity) {
    ++state_->lost;
    return false;
  }
  state_->queue.push_back(std::move(f));
  state_->changed.notify_all();
  return true;
}

bool outlet::settle(time_point due) {
  auto& x = *state_;
  unique_lock lock{x.mutex_};
  while ((x.running || !x.queue.empty()) && !x.excused) {
    if (x.changed.wait_until(lock, due) == std::cv_status::timeout)
      return x.excused || (!x.running && x.queue.empty());
  }
  return true;
}

bool outlet::end() {
  return state_->end();
}

void outlet::finish() {
  end();
  auto* target = state_.get();
  {
    lock_guard guard{waits()};
    for (auto* x = target; x != nullptr; x = x->waits_for)
      if (x == state::here)
        return;
    if (state::here != nullptr)
      state::here->waits_for = target;
  }
  target->await_return();
  if (state::here != nullptr) {
    lock_guard guard{waits()};
    state::here->waits_for = nullptr;
  }
}

std::int64_t outlet::lost() const {
  lock_guard guard{state_->mutex_};
  return state_->lost;
}

void outlet::excuse_caller() {
  if (state::here == nullptr)
    return;
  lock_guard guard{state::here->mutex_};
  state::here->excused = true;
  state::here->changed.notify_all();
}

} // namespace hololoom
