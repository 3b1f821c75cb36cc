#include "hostile/guest.hpp"

#include <hololoom/messages/caf/local_message.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <pthread.h>
#include <sys/wait.h>
#include <thread>
#include <tuple>
#include <unistd.h>

using namespace std::chrono_literals;

namespace hololoom::hostile {

void hang(house& in, const char* name) {
  ::pthread_setname_np(::pthread_self(), name);
  in.arrived();
  for (;;)
    std::this_thread::sleep_for(1h);
}

namespace {

// -- workers ------------------------------------------------------------------

task pulse(task_context ctx) {
  for (;;)
    co_await ctx.sleep_for(1h);
}

void worker(house& in) {
  in.start(background::coroutine("worker", pulse));
  in.arrived();
}

void hung_thread(house& in) {
  in.start(background::blocking(
    "hung-thread", [&in](const std::stop_token&) { hang(in, "hung-thread"); }));
}

void hung_periodic(house& in) {
  in.start(background::periodic("hung-periodic", 1ms,
                                [&in] { hang(in, "hung-periodic"); },
                                {.immediately = true, .may_block = true}));
}

void hung_coroutine(house& in) {
  in.start(
    background::coroutine("hung-coroutine", [&in](task_context ctx) -> task {
      co_await ctx.yield();
      hang(in, "hung-coroutine");
    }));
}

void hung_actor(house& in) {
  in.start(background::actor("hung-actor", [&in](caf::actor_system& system) {
    auto result = system.spawn([&in](caf::event_based_actor*) -> caf::behavior {
      return {[&in](int) {
        hang(in, "hung-actor");
      }};
    });
    caf::anon_send(result, 1);
    return result;
  }));
}

/// A thread that was let go before the loom closes.
void stopped_thread(house& in) {
  in.start(background::blocking("hung-before", [&in](const std::stop_token&) {
             hang(in, "hung-before");
           }).shutdown(shutdown_policy::within(10ms)));
  std::thread{[&in] {
    std::ignore = in.loom().stop_background("hung-before");
    in.arrived();
  }}.detach();
}

// -- processes ----------------------------------------------------------------

int ignore_sigterm(const process_context&) {
  std::signal(SIGTERM, SIG_IGN);
  std::puts("hung");
  std::fflush(stdout);
  for (;;)
    ::pause();
}

int stop_itself(const process_context&) {
  std::puts("hung");
  std::fflush(stdout);
  std::raise(SIGSTOP);
  for (;;)
    ::pause();
}

/// Leaves a process behind that its group's signal does not end, and whose
/// parent is gone.
int leave_orphan(const process_context& context) {
  if (::fork() == 0) {
    if (::fork() == 0)
      ignore_sigterm(context);
    ::_exit(0);
  }
  ::wait(nullptr);
  for (;;)
    ::pause();
}

void start_process(house& in, const char* function) {
  in.start(background::process(
    function, {.function = function, .on_output = [&in](const auto& x) {
                 if (x.line == "hung")
                   in.arrived();
               }}));
}

// -- supervisors --------------------------------------------------------------

void add_child(const supervisor_actor& below, child_spec spec) {
  caf::anon_send(
    below, start_child{std::make_shared<const child_spec>(std::move(spec))});
}

/// Hangs in the thread of its supervisor, by whose name `thread` ends.
child_spec hanging_factory(house& in, const char* thread) {
  child_spec spec;
  spec.name = "never-made";
  spec.restart = restart_type::temporary;
  spec.start = [&in, thread](const start_context&) -> start_result {
    hang(in, thread);
  };
  return spec;
}

/// Its supervisor hangs in it.
void hung_factory(house& in) {
  add_child(in.loom().workers(), hanging_factory(in, "hung-workers"));
}

/// The root supervisor hangs in it.
void frozen_root(house& in) {
  add_child(in.loom().root(), hanging_factory(in, "hung-root"));
}

class hanging_probe : public child_probe {
public:
  explicit hanging_probe(house& in) : in_(in) {}
  std::optional<work_note> doing() const override {
    if (!first_.exchange(false))
      for (;;)
        std::this_thread::sleep_for(1h);
    hang(in_, "hung-workers");
  }

private:
  house& in_;
  mutable std::atomic<bool> first_ = true;
};

/// A probe of a user's that does not return when it is asked.
void hung_probe(house& in) {
  child_spec spec;
  spec.name = "probed";
  spec.restart = restart_type::temporary;
  spec.stuck = {.limit = 10ms};
  spec.start = [&in](const start_context& ctx) {
    return start_result::started(
      ctx.system->spawn([](caf::event_based_actor*) -> caf::behavior {
        return {[](int) {
        }};
      }),
      std::make_shared<hanging_probe>(in));
  };
  add_child(in.loom().workers(), std::move(spec));
}

// -- functions that the loom calls ---------------------------------------------

void hung_callback(house& in) {
  auto first = std::make_shared<std::atomic<bool>>(true);
  in.loom().subscribe([&in, first](const lifecycle_event&) {
    if (first->exchange(false))
      hang(in, "hung-callback");
  });
  std::ignore =
    in.loom().spawn_background_async(background::coroutine("heard", pulse));
}

void hung_hook(house& in) {
  in.at_shutdown(cascade_phase::signal, "hung-hook", 100ms, [] {
    ::pthread_setname_np(::pthread_self(), "hung-hook");
    for (;;)
      std::this_thread::sleep_for(1h);
  });
  in.arrived();
}

} // namespace

const std::vector<guest>& hanging_guests() {
  static const std::vector<guest> table{
    {"worker", worker},
    {"hung-thread", hung_thread},
    {"hung-periodic", hung_periodic},
    {"hung-coroutine", hung_coroutine},
    {"hung-actor", hung_actor},
    {"hung-before", stopped_thread},
    {"hung-process",
     [](house& in) {
       start_process(in, "hung-process");
     }},
    {"stopped-process",
     [](house& in) {
       start_process(in, "stopped-process");
     }},
    {"orphan-process",
     [](house& in) {
       start_process(in, "orphan-process");
     }},
    {"hung-factory", hung_factory},
    {"hung-root", frozen_root},
    {"hung-probe", hung_probe},
    {"hung-callback", hung_callback},
    {"hung-hook", hung_hook},
  };
  return table;
}

void register_guest_processes() {
  register_process_function("hung-process", ignore_sigterm);
  register_process_function("stopped-process", stop_itself);
  register_process_function("orphan-process", leave_orphan);
}

} // namespace hololoom::hostile
