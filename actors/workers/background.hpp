#pragma once

#include <hololoom/actors/supervision/child_spec.hpp>
#include <hololoom/actors/workers/coroutine/task_context.hpp>
#include <hololoom/actors/workers/process/process.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/timespan.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>

namespace hololoom {

/// A periodic function threw.
struct periodic_failure {
  /// How often it has, this time included.
  std::uint64_t count = 0;
  std::string what;
};

struct periodic_options {
  /// Run at once when the worker starts, instead of one interval later.
  bool immediately = false;
  /// The function may block: each run gets a thread of its own.
  bool may_block = false;
  /// Told of each exception, and the next run comes. Left out, an exception
  /// ends the worker, and its restart type decides. Must be short.
  std::function<void(const periodic_failure&)> on_failure = {};
};

/// Background work as a value: what, under which name, and how it is
/// supervised. Nothing runs before `to_child_spec` gives it to a supervisor.
///
/// ~~~
/// task pulse(task_context ctx) {
///   for (;;) {
///     co_await ctx.sleep_for(1min);
///     ...
///   }
/// }
/// auto work = background::coroutine("pulse", pulse)
///               .restart(restart_type::transient)
///               .shutdown(shutdown_policy::within(2s));
/// ~~~
///
/// Told to end, every kind ends with the reason it was given (`user_shutdown`
/// from a supervisor), or with an error if it throws on the way; ending by
/// itself is `normal`, and an exception is an error (`errc::crashed`) with its
/// `what()`. Each incarnation works on a copy of the function of its own. A
/// worker is temporary, i.e. never restarted, unless it says otherwise.
class background {
public:
  /// A coroutine, which costs no thread.
  ///
  /// Told to end, it finds `cancelled` thrown at the `co_await` where it waits,
  /// so that its catch blocks and destructors run. If it catches that and
  /// awaits again, it is thrown again, at once; a coroutine that does so more
  /// than 16 times is destroyed at its `co_await` and reported as an error
  /// (`errc::cancelled`). `task_context::shield` lets a clean-up wait. Killed,
  /// it is destroyed where it waits: destructors run, catch blocks do not.
  ///
  /// It shares its thread: between two `co_await`s it must be short, or yield.
  /// One that never awaits cannot be ended, only reported and let go.
  static background coroutine(std::string name,
                              std::function<task(task_context)> body);

  /// A function that is called every `interval` (> 0), on a grid: a run that
  /// takes longer skips the beats it missed, and runs never overlap. It must be
  /// short unless `options.may_block`. Told to end during a run, the worker
  /// ends after it.
  static background periodic(std::string name, caf::timespan interval,
                             std::function<void()> body,
                             periodic_options options = {});

  /// A function on a thread of its own. Told to end, its stop token says so,
  /// and the worker ends when it returns. A function that never does is let go
  /// with its thread, its copy of itself and all it captured: what it refers to
  /// beyond that must be immortal.
  static background blocking(std::string name,
                             std::function<void(std::stop_token)> body);

  /// A function registered by `register_process_function`, in a process of its
  /// own. Told to end, the process gets SIGTERM; past the limit, SIGKILL.
  static background process(std::string name, process_options options);

  /// An actor of the user's, made by `factory` from the actor system. It must
  /// end on an exit message, as actors do unless they set a handler for it. A
  /// handler that does not return for half a second is reported as stuck,
  /// unless `stuck` says otherwise.
  template <std::invocable<caf::actor_system&> Factory>
  static background actor(std::string name, Factory factory) {
    background result{std::move(name), "actor",
                      [factory = std::move(factory)](const start_context& ctx) {
                        return start_result::started(factory(*ctx.system));
                      }};
    result.spec_.stuck = {.limit = std::chrono::milliseconds{500}};
    return result;
  }

  // -- how it is supervised
  // -----------------------------------------------------

  /// When it is started again; `temporary` (never) unless said.
  background& restart(restart_type x) & { return spec_.restart = x, *this; }
  background&& restart(restart_type x) && { return std::move(restart(x)); }

  /// How long it may take to end; 5 s unless said.
  background& shutdown(shutdown_policy x) & {
    return spec_.shutdown = x, *this;
  }
  background&& shutdown(shutdown_policy x) && { return std::move(shutdown(x)); }

  /// How its restarts are spaced.
  background& backoff(backoff_policy x) & { return spec_.backoff = x, *this; }
  background&& backoff(backoff_policy x) && { return std::move(backoff(x)); }

  /// When it is reported as stuck; a limit of zero: never. For an actor, a
  /// coroutine or a periodic worker that is how long a handler may take. A
  /// blocking function or a process is always at work: there, it is how long it
  /// may go on without a word (`report_doing`; a process has none), so that
  /// none has a limit unless it is given one.
  background& stuck(stuck_policy x) & { return spec_.stuck = x, *this; }
  background&& stuck(stuck_policy x) && { return std::move(stuck(x)); }

  const std::string& name() const noexcept { return spec_.name; }

  /// coroutine, periodic, blocking, process or actor.
  const std::string& kind() const noexcept { return spec_.kind; }

  friend child_spec to_child_spec(background work);

private:
  background(std::string name, std::string kind, child_factory start);

  child_spec spec_;
};

/// The work as a supervisor takes it.
child_spec to_child_spec(background work);

/// For code that runs on the thread of a blocking or periodic worker, or in
/// what it calls: says what it is doing, for whoever asks while it does it.
/// Anywhere else it does nothing.
void report_doing(std::string what);

} // namespace hololoom
