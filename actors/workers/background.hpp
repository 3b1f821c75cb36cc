#pragma once

#include <hololoom/actors/supervision/child_spec.hpp>
#include <hololoom/actors/supervision/options.hpp>
#include <hololoom/actors/workers/coroutine/task_context.hpp>
#include <hololoom/actors/workers/nursery.hpp>
#include <hololoom/actors/workers/process/process.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/timespan.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Background workers: functions of the user's that run under a supervisor.
///
/// This room owns one actor for each kind of worker, and the threads, timers
/// and processes behind them; a kind has a folder (`threads/` has two, which
/// share their thread). It may know the messages and the public headers of
/// supervision. Programs and the runtime include this header; `to_child_spec`
/// is all that a supervisor sees of a worker.

namespace hololoom {

/// A periodic function threw.
struct periodic_failure {
  /// How often it has thrown, this time included.
  std::uint64_t count = 0;
  std::string what = {};
};

struct periodic_options {
  /// Run once when the worker starts, instead of one interval later.
  bool immediately = false;
  /// The function may block: each run gets a thread of its own.
  bool may_block = false;
  /// Called for each exception, and the worker goes on. Without it, an
  /// exception ends the worker, and its restart type decides. Must be short.
  std::function<void(const periodic_failure&)> on_failure = {};
};

/// Background work as a value: a function, its name, and how it is supervised.
/// Nothing runs until a supervisor starts the result of `to_child_spec`.
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
/// A worker of any kind that is told to end does so with the reason it was
/// given
/// (`user_shutdown` from a supervisor), or with an error if it throws on the
/// way. A worker that returns ends with `normal`, and one that throws with an
/// error (`errc::crashed`) that has the exception's `what()`. Each incarnation
/// has its own copy of the function. A worker is temporary, i.e. never
/// restarted, unless set otherwise.
class background {
public:
  /// A coroutine, which costs no thread.
  ///
  /// When it is told to end, the `co_await` where it waits throws `cancelled`,
  /// so that its catch blocks and destructors run. If it catches that and
  /// awaits again, `cancelled` is thrown again at once; a coroutine that does
  /// so more than 16 times is destroyed at its `co_await` and reported as an
  /// error
  /// (`errc::cancelled`). `task_context::shield` lets a clean-up wait. When it
  /// is killed, it is destroyed where it waits: destructors run, catch blocks
  /// do not.
  ///
  /// It shares its thread: between two `co_await`s it must be short, or yield.
  /// A coroutine that never awaits cannot be ended, only reported and
  /// abandoned.
  static background coroutine(std::string name,
                              std::function<task(task_context)> body);

  /// A function that is called every `interval` (> 0), on a grid: a run that
  /// takes longer skips the beats it missed, and runs never overlap. It must be
  /// short unless `options.may_block`. A worker that is told to end during a
  /// run ends after that run.
  static background periodic(std::string name, caf::timespan interval,
                             std::function<void()> body,
                             periodic_options options = {});

  /// A function on a thread of its own. When it is told to end, its stop token
  /// says so, and the worker ends when the function returns. A function that
  /// never returns is abandoned with its thread, its copy of itself and its
  /// captures: anything else it refers to must live as long as the process.
  static background blocking(std::string name,
                             std::function<void(std::stop_token)> body);

  /// A function registered by `register_process_function`, in a process of its
  /// own. When it is told to end, the process gets SIGTERM, and past the limit
  /// SIGKILL.
  static background process(std::string name, process_options options);

  /// The user's own actor, made by `factory` from the actor system. It must end
  /// on an exit message, as actors do unless they set a handler for it. A
  /// handler that does not return within half a second is reported as stuck,
  /// unless `stuck` sets another limit.
  ///
  /// `factory` must be short, because the supervisor of all workers waits for
  /// it: what takes long belongs into the actor. The start fails with
  /// `errc::start_failed` if it does not return within a second. It is called
  /// on a thread of its own.
  template <std::invocable<caf::actor_system&> Factory>
  static background actor(const std::string& name, Factory factory) {
    return made_by(
      name, [factory = std::move(factory)](caf::actor_system& system) {
        return caf::actor_cast<caf::strong_actor_ptr>(factory(system));
      });
  }

  /// Several workers as one: a supervisor with a strategy of its own, which is
  /// restarted, stopped and given up like a worker. `options.name` is its name.
  /// As a supervisor, it is permanent unless set otherwise. Among its members,
  /// those that set no rate of their own count for its intensity, as in OTP;
  /// `essential` is for the group, not for them.
  ///
  /// ~~~
  /// // A crash of either restarts both.
  /// background::group({.name = "ingest", .strategy = strategy::one_for_all},
  ///                   {background::coroutine("reader", read_lines),
  ///                    background::blocking("parser", parse)})
  /// ~~~
  static background group(supervisor_options options,
                          std::vector<background> members);

  /// A coroutine that starts children of its own, names them and waits for
  /// them. In `tree()` it is a supervisor called `name`, with the coroutine as
  /// its child "task". It ends when the coroutine does, with its error, and its
  /// children with it; what is set below holds for all of it. A restart begins
  /// anew, without children.
  static background
  nursery(std::string name,
          std::function<task(task_context, hololoom::nursery)> body,
          nursery_options options = {});

  // -- how it is supervised ---------------------------------------------------

  /// When it is restarted; `temporary` (never) unless set.
  background& restart(restart_type x) & { return spec_.restart = x, *this; }
  background&& restart(restart_type x) && { return std::move(restart(x)); }

  /// How long it may take to end; 5 s unless set.
  background& shutdown(shutdown_policy x) & {
    return spec_.shutdown = x, *this;
  }
  background&& shutdown(shutdown_policy x) && { return std::move(shutdown(x)); }

  /// How its restarts are spaced.
  background& backoff(backoff_policy x) & { return spec_.backoff = x, *this; }
  background&& backoff(backoff_policy x) && { return std::move(backoff(x)); }

  /// How often it may be restarted within a period before it is given up, which
  /// is an event (`gave_up`) and touches no other worker. In a loom, the config
  /// has a default for those that set nothing.
  background& give_up_after(std::int64_t restarts, caf::timespan period) & {
    spec_.give_up_after = restart_rate{restarts, period};
    return *this;
  }
  background&& give_up_after(std::int64_t restarts, caf::timespan period) && {
    return std::move(give_up_after(restarts, period));
  }

  /// Its failure closes the loom: one that ends by an error and does not come
  /// back, because it is not restarted or was given up. The report names it as
  /// the reason, and asks for exit code 69. Outside of a loom it has no effect.
  background& essential() & { return essential_ = true, *this; }
  background&& essential() && { return std::move(essential()); }

  /// When it is reported as stuck; a limit of zero means never. For an actor, a
  /// coroutine or a periodic worker, the limit is how long a handler may take.
  /// A blocking function is always at work: its limit is how long it may go
  /// without a `report_doing`. A process cannot report, so that its limit runs
  /// from its start. These two have no limit unless one is set.
  background& stuck(stuck_policy x) & { return spec_.stuck = x, *this; }
  background&& stuck(stuck_policy x) && { return std::move(stuck(x)); }

  const std::string& name() const noexcept { return spec_.name; }

  /// coroutine, periodic, blocking, process or actor.
  const std::string& kind() const noexcept { return spec_.kind; }

  bool is_essential() const noexcept { return essential_; }

  friend child_spec to_child_spec(background work);

  /// Wherever a child spec is taken, work is.
  operator child_spec() const { return spec_; }

private:
  background(std::string name, std::string kind, child_factory start,
             std::string_view flaw = {});
  static background
  made_by(std::string name,
          std::function<caf::strong_actor_ptr(caf::actor_system&)> factory);

  child_spec spec_;
  bool essential_ = false;
};

/// The work in the form that a supervisor takes.
child_spec to_child_spec(background work);

/// Called on the thread of a blocking or periodic worker, it sets what
/// snapshots, reports and logs say that the worker is doing. On any other
/// thread it has no effect.
void report_doing(std::string what);

} // namespace hololoom
