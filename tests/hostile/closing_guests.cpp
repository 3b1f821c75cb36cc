#include "hostile/guest.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>
#include <tuple>
#include <unistd.h>

using namespace std::chrono_literals;

namespace hololoom::hostile {

namespace {

/// Has arrived, and closes the loom.
void arrive_and_close(house& in, std::string_view who) {
  in.arrived();
  in.close_from(who);
}

// -- from workers -------------------------------------------------------------

void from_coroutine(house& in) {
  in.start(background::coroutine("closer", [&in](task_context ctx) -> task {
    co_await ctx.yield();
    arrive_and_close(in, "coroutine");
  }));
}

void from_periodic(house& in) {
  auto first = std::make_shared<std::atomic<bool>>(true);
  in.start(background::periodic("closer", 1ms, [&in, first] {
    if (first->exchange(false))
      arrive_and_close(in, "periodic");
  }));
}

void from_thread(house& in) {
  in.start(background::blocking("closer", [&in](const std::stop_token&) {
    arrive_and_close(in, "thread");
  }));
}

/// More workers than the scheduler has threads, all on the way into `close`.
void from_many(house& in) {
  constexpr int all = 40;
  auto there = std::make_shared<std::atomic<int>>(0);
  auto close = [&in, there](task_context ctx) -> task {
    auto shield = ctx.shield();
    if (++*there == all)
      in.arrived();
    while (*there < all)
      co_await ctx.sleep_for(1ms);
    in.close_from("many");
  };
  for (int i = 0; i < all; ++i)
    std::ignore = in.loom().spawn_background_async(
      background::coroutine("closer-" + std::to_string(i), close));
}

caf::actor spawn_closer(caf::actor_system& system, house& in,
                        std::string_view who) {
  auto result =
    system.spawn([&in, who](caf::event_based_actor* self) -> caf::behavior {
      return {[&in, who, self](int) {
        arrive_and_close(in, who);
        self->quit();
      }};
    });
  caf::anon_send(result, 1);
  return result;
}

void from_actor(house& in) {
  in.start(background::actor("closer", [&in](caf::actor_system& system) {
    return spawn_closer(system, in, "actor");
  }));
}

void from_stranger(house& in) {
  spawn_closer(in.loom().system(), in, "an actor outside the tree");
}

void from_output(house& in) {
  in.start(background::process(
    "closer", {.function = "talk", .on_output = [&in](const process_output&) {
                 arrive_and_close(in, "the output of a process");
               }}));
}

// -- from what a worker leaves ---------------------------------------------------

struct closing_destructor {
  explicit closing_destructor(house& x) : in(x) {}
  ~closing_destructor() { in.close_from("a destructor"); }
  house& in;
};

/// The capture is destroyed on the worker's thread, when the worker is over.
void from_destructor(house& in) {
  auto capture = std::make_shared<closing_destructor>(in);
  in.start(background::blocking(
    "closer", [&in, capture = std::move(capture)](const std::stop_token&) {
      in.arrived();
    }));
}

// -- from functions that the loom calls ------------------------------------------

void from_callback(house& in) {
  auto first = std::make_shared<std::atomic<bool>>(true);
  in.loom().subscribe([&in, first](const lifecycle_event&) {
    if (first->exchange(false))
      arrive_and_close(in, "a callback");
  });
  std::ignore = in.loom().spawn_background_async(
    background::blocking("heard", [](const std::stop_token&) {}));
}

void from_hook(house& in) {
  in.at_shutdown(cascade_phase::refuse, "closer", 500ms,
                 [&in] { in.close_from("a hook"); });
  in.arrived();
  in.loom().close_async("guest", "host");
  std::thread{[&in] {
    in.close_from("a thread");
  }}.detach();
}

void from_failure(house& in) {
  auto first = std::make_shared<std::atomic<bool>>(true);
  in.start(background::periodic(
    "closer", 1ms, [] { throw std::runtime_error{"on purpose"}; },
    {.may_block = true, .on_failure = [&in, first](const periodic_failure&) {
       if (first->exchange(false))
         arrive_and_close(in, "a failure's report");
     }}));
}

class closing_probe : public child_probe {
public:
  explicit closing_probe(house& in) : in_(in) {}
  std::optional<work_note> doing() const override {
    if (first_.exchange(false))
      arrive_and_close(in_, "a probe");
    return std::nullopt;
  }

private:
  house& in_;
  mutable std::atomic<bool> first_ = true;
};

void add_child(const supervisor_actor& to, child_spec spec) {
  spec.name = "closer";
  spec.restart = restart_type::temporary;
  caf::anon_send(
    to, start_child{std::make_shared<const child_spec>(std::move(spec))});
}

caf::actor spawn_idle(caf::actor_system& system) {
  return system.spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](int) {
    }};
  });
}

void from_probe(house& in) {
  child_spec spec;
  spec.stuck = {.limit = 10ms};
  spec.start = [&in](const start_context& ctx) {
    return start_result::started(spawn_idle(*ctx.system),
                                 std::make_shared<closing_probe>(in));
  };
  add_child(in.loom().workers(), std::move(spec));
}

child_spec closing_factory(house& in) {
  child_spec spec;
  spec.start = [&in](const start_context& ctx) {
    arrive_and_close(in, "a factory");
    return start_result::started(spawn_idle(*ctx.system));
  };
  return spec;
}

void from_factory(house& in) {
  add_child(in.loom().workers(), closing_factory(in));
}

void from_root_factory(house& in) {
  add_child(in.loom().root(), closing_factory(in));
}

/// Runs on a thread of its own, for which the supervisor waits.
void from_actor_factory(house& in) {
  std::ignore = in.loom().spawn_background_async(
    background::actor("closer", [&in](caf::actor_system& system) {
      arrive_and_close(in, "an actor's factory");
      return spawn_idle(system);
    }));
}

/// A tool that closes the loom that runs it.
class closing_tool : public tool {
public:
  explicit closing_tool(house& in) : in_(in) {}
  std::string_view name() const override { return "closer"; }
  double cue(const query& asked, const features&) const override {
    return asked.text == "close" ? 50 : -50;
  }
  caf::expected<tool_result> run(const tool_input&) const override {
    arrive_and_close(in_, "a tool");
    return tool_result{.response = "closed", .confidence = 1};
  }

private:
  house& in_;
};

void from_tool(house& in) {
  // The answer is not awaited.
  std::thread{[&in] {
    (void)in.loom().weave_async({"close", {}});
  }}.detach();
}

// -- from elsewhere ------------------------------------------------------------

void from_threads(house& in) {
  in.arrived();
  for (int i = 0; i < 20; ++i)
    std::thread{[&in] {
      in.close_from("a thread");
    }}.detach();
}

void from_signal(house& in) {
  in.arrived();
  std::thread{[] {
    ::kill(::getpid(), SIGTERM);
  }}.detach();
}

int talk(const process_context&) {
  std::puts("close");
  std::fflush(stdout);
  for (;;)
    ::pause();
}

const auto talk_is_known = register_process_function("talk", talk);

} // namespace

const std::vector<guest>& closing_guests() {
  static const std::vector<guest> table{
    {"from-coroutine", from_coroutine},
    {"from-periodic", from_periodic},
    {"from-thread", from_thread},
    {"from-many", from_many},
    {"from-actor", from_actor},
    {"from-stranger", from_stranger},
    {"from-output", from_output},
    {"from-destructor", from_destructor},
    {"from-callback", from_callback},
    {"from-hook", from_hook},
    {"from-failure", from_failure},
    {"from-probe", from_probe},
    {"from-factory", from_factory},
    {"from-root-factory", from_root_factory},
    {"from-actor-factory", from_actor_factory},
    {"from-tool", from_tool},
    {"from-threads", from_threads},
    {"from-signal", from_signal},
  };
  return table;
}

loom_extras extras(house& with) {
  loom_extras result;
  if (auto refused = result.tools.add(std::make_shared<closing_tool>(with)))
    throw std::runtime_error{explain(refused)};
  return result;
}

} // namespace hololoom::hostile
