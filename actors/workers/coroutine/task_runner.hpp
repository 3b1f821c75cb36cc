#pragma once

#include <hololoom/actors/workers/coroutine/task.hpp>

#include <caf/actor_clock.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hololoom::detail {

/// Runs one task, and the tasks that it awaits, step by step: a coroutine
/// worker without its actor. At most one of the tasks is suspended in a wait.
///
/// Belongs to one thread at a time (the actor's); only `activity` may be called
/// on others.
class task_runner {
public:
  using time_point = caf::actor_clock::time_point;

  /// How many times a task may catch its cancellation and await again.
  static constexpr std::size_t max_swallowed = 16;

  enum class outcome { running, returned, threw, was_cancelled, runaway };

  task_runner() = default;
  task_runner(const task_runner&) = delete;
  task_runner& operator=(const task_runner&) = delete;
  virtual ~task_runner();

  // -- for the owner ----------------------------------------------------------

  /// Takes `body` and runs it to its first wait.
  void start(task body);

  /// Cancels the task: the `co_await` where it waits throws `cancelled`, or the
  /// next one after its shield is down.
  void cancel();

  /// Whether the task has ended, and how.
  outcome state() const noexcept { return state_; }

  /// The exception of a task that `threw`.
  std::exception_ptr error() const noexcept { return error_; }

  /// Destroys the task where it waits.
  void destroy() noexcept;

  struct activity_note {
    const char* what;
    time_point since;
    /// False for a task that waits and has not been told to end.
    bool busy;
  };

  /// What the task is doing and since when, on the steady clock. Thread-safe.
  activity_note activity() const noexcept;

  /// Called once, when the task has ended without `destroy`.
  virtual void ended() = 0;

  // -- for the awaiters -------------------------------------------------------

  bool stop_requested() const noexcept { return stop_requested_; }

  /// Whether a wait must not be entered (`await_ready`).
  bool interrupted() const noexcept {
    return stop_requested_ && shields_ == 0 && swallowed_ < max_swallowed;
  }

  /// Throws `cancelled` if the task is to end (`await_resume`).
  void check() {
    if (stop_requested_ && shields_ == 0)
      throw_cancelled();
  }

  /// Suspends `h` until `arrivals` results have arrived. Returns the number
  /// that identifies this wait to the results, 0 if the task may not wait. For
  /// a result that comes too late `waits` is false; it must touch nothing.
  std::uint64_t wait(std::coroutine_handle<> h, const char* doing,
                     std::size_t arrivals = 1);

  bool waits(std::uint64_t op) const noexcept { return op == op_ && op != 0; }

  /// One more result has arrived; the last one resumes the task.
  void arrived(std::uint64_t op);

  /// Has `arrived(op)` called at `due`.
  virtual void wake_at(std::uint64_t op, time_point due) = 0;

  /// Has `arrived(op)` called soon.
  virtual void wake_soon(std::uint64_t op) = 0;

  /// Cancels `wake_at`.
  virtual void forget_wake() noexcept = 0;

  virtual time_point now() const noexcept = 0;

  virtual caf::event_based_actor* self() noexcept = 0;

  /// The stand-in for the child called `name` of this worker's tree.
  virtual caf::expected<caf::strong_actor_ptr> find(std::string_view name) = 0;

  void raise_shield() noexcept { ++shields_; }
  void lower_shield() noexcept {
    assert(shields_ > 0);
    --shields_;
  }

  void set_doing(const char* text) noexcept;

  void set_next(std::coroutine_handle<> next) noexcept { next_ = next; }

private:
  [[noreturn]] void throw_cancelled();
  void run(std::coroutine_handle<> from);
  void note(const char* doing, bool busy) noexcept;
  void finish();

  task body_;
  std::coroutine_handle<> next_;
  std::coroutine_handle<> suspended_;
  std::uint64_t op_ = 0;
  std::uint64_t last_op_ = 0;
  std::size_t pending_ = 0;
  std::uint32_t shields_ = 0;
  std::uint32_t swallowed_ = 0;
  bool stop_requested_ = false;
  outcome state_ = outcome::running;
  std::exception_ptr error_;
  std::atomic<const char*> doing_ = "starting";
  std::atomic<time_point::rep> since_ = 0;
  std::atomic<bool> busy_ = true;
};

inline void schedule(task_runner& runner,
                     std::coroutine_handle<> next) noexcept {
  runner.set_next(next);
}

} // namespace hololoom::detail
