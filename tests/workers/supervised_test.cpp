#include "supervised_fixture.hpp"

#include <hololoom/actors/workers/coroutine/wake_service.hpp>

#include <caf/blocking_actor.hpp>

#include <algorithm>
#include <atomic>
#include <future>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

task sleeper(task_context ctx) {
  co_await ctx.sleep_for(1h);
}

} // namespace

TEST_CASE_METHOD(supervised_fixture, "one worker at a time has a given name") {
  CHECK_FALSE(begin(background::coroutine("pulse", sleeper)));
  CHECK(
    is(begin(background::periodic("pulse", 1h, [] {})), errc::already_started));
  CHECK(is(begin(background::coroutine("", sleeper)), errc::invalid_spec));
  CHECK_FALSE(end("pulse"));
  CHECK(reason_of(transition::stopped).find("workers/pulse") == 0);
  CHECK_FALSE(begin(background::periodic("pulse", 1h, [] {})));
}

TEST_CASE_METHOD(supervised_fixture,
                 "a worker's crash is reported with its exception") {
  CHECK_FALSE(begin(background::coroutine("x", [](task_context ctx) -> task {
    co_await ctx.sleep_for(1ms);
    throw std::runtime_error("the warp tore");
  })));
  auto said = reason_of(transition::exited);
  CHECK(said.find("workers/x: ") == 0);
  CHECK(said.find("the warp tore") != std::string::npos);
}

TEST_CASE_METHOD(supervised_fixture,
                 "a transient worker that crashed is restarted") {
  std::atomic<int> starts = 0;
  CHECK_FALSE(begin(background::blocking("x", [&](const std::stop_token&) {
                      if (++starts < 3)
                        throw std::runtime_error("again");
                    }).restart(restart_type::transient)));
  CHECK(eventually([&] { return starts == 3; }));
}

TEST_CASE_METHOD(
  supervised_fixture,
  "a thread that does not return is abandoned by name, with what it is doing") {
  std::promise<void> gate;
  CHECK_FALSE(
    begin(background::blocking("reader", [opened = gate.get_future().share()](
                                           const std::stop_token&) {
            report_doing("reading a tape");
            opened.wait();
          }).shutdown(shutdown_policy::within(20ms))));
  CHECK_FALSE(end("reader"));
  auto said = reason_of(transition::abandoned);
  CHECK(said.find("workers/reader: ") == 0);
  CHECK(said.find("reading a tape") != std::string::npos);
  gate.set_value();
}

TEST_CASE_METHOD(
  supervised_fixture,
  "a coroutine that never awaits is noticed, named and abandoned") {
  // Shared: the worker outlives this function.
  auto enough = std::make_shared<std::atomic<bool>>(false);
  before_end = [this, enough] {
    *enough = true;
    caf::scoped_actor self{system};
    CHECK(eventually([&] { return system.registry().running() <= 2; }));
  };
  auto spin = [enough](task_context ctx) -> task {
    ctx.doing("spinning");
    while (!*enough)
      std::this_thread::sleep_for(1ms);
    co_return;
  };
  CHECK_FALSE(begin(background::coroutine("spinner", spin)
                      .shutdown(shutdown_policy::within(20ms))
                      .stuck({.limit = 50ms, .replace = false})));
  auto begun = std::chrono::steady_clock::now();
  auto said = reason_of(transition::stuck);
  CHECK(std::chrono::steady_clock::now() - begun < 1s);
  CHECK(said.find("workers/spinner: ") == 0);
  CHECK(said.find("spinning") != std::string::npos);
  CHECK_FALSE(end("spinner"));
  CHECK(reason_of(transition::abandoned).find("spinning") != std::string::npos);
}

TEST_CASE_METHOD(supervised_fixture,
                 "only an actor that is stuck is noticed and named") {
  auto gate = std::make_shared<std::promise<void>>();
  // Actors that look stuck: one that blocks on its mailbox, one that has work
  // for longer than the limit, and one that waits for ever.
  CHECK_FALSE(begin(background::actor("blocks", [](caf::actor_system& sys) {
    return sys.spawn([](caf::blocking_actor* self) {
      auto running = true;
      self->receive_while(running)([&](caf::exit_msg&) { running = false; },
                                   [](int) {});
    });
  })));
  CHECK_FALSE(begin(background::actor("busy", [](caf::actor_system& sys) {
    auto worker = sys.spawn([](caf::event_based_actor*) {
      return caf::behavior{[](int) {
        std::this_thread::sleep_for(1ms);
      }};
    });
    for (int i = 0; i < 3000; ++i)
      caf::anon_send(worker, i);
    return worker;
  })));
  CHECK_FALSE(begin(background::actor("idle", [](caf::actor_system& sys) {
    return sys.spawn([](caf::event_based_actor*) {
      return caf::behavior{[](int) {
      }};
    });
  })));
  auto begun = std::chrono::steady_clock::now();
  CHECK_FALSE(begin(background::actor("stuck", [gate](caf::actor_system& sys) {
                      auto opened = gate->get_future().share();
                      auto worker = sys.spawn<caf::detached>(
                        [opened](caf::event_based_actor*) {
                          return caf::behavior{[opened](int) {
                            opened.wait();
                          }};
                        });
                      caf::anon_send(worker, 1);
                      return worker;
                    }).shutdown(shutdown_policy::within(20ms))));
  auto said = reason_of(transition::stuck);
  CHECK(std::chrono::steady_clock::now() - begun < 1s);
  CHECK(said.find("workers/stuck: in a handler of this ") == 0);
  CHECK_FALSE(end("stuck"));
  said = reason_of(transition::abandoned);
  CHECK(said.find("workers/stuck: ") == 0);
  CHECK(said.find("that has not returned for ") != std::string::npos);
  gate->set_value();
  std::lock_guard guard{mutex};
  CHECK(std::count_if(seen.begin(), seen.end(),
                      [](const auto& x) { return x.what == transition::stuck; })
        == 1);
}

TEST_CASE_METHOD(supervised_fixture,
                 "a factory that does not return is refused, "
                 "and holds up nobody for long") {
  std::promise<void> gate;
  auto opened = gate.get_future().share();
  auto running = system.registry().running();
  auto idle = [](caf::event_based_actor*) {
    return caf::behavior{[](int) {
    }};
  };
  auto spec = std::make_shared<const child_spec>(to_child_spec(
    background::actor("slow", [opened, idle](caf::actor_system& sys) {
      opened.wait();
      return sys.spawn(idle);
    })));
  auto first = ask<child_started>(start_child{spec});
  REQUIRE_FALSE(first);
  CHECK(is(first.error(), errc::start_failed));
  CHECK(explain(first.error()).find("did not return within a second")
        != std::string::npos);
  // No more than one thread is lost to it.
  auto again = ask<child_started>(start_child{spec});
  REQUIRE_FALSE(again);
  CHECK(explain(again.error()).find("has not returned yet")
        != std::string::npos);
  CHECK_FALSE(begin(background::actor(
    "quick", [idle](caf::actor_system& sys) { return sys.spawn(idle); })));
  gate.set_value();
  // What it makes after all ends.
  CHECK(eventually([&] { return system.registry().running() <= running + 1; }));
  CHECK(ask<child_started>(start_child{spec}));
}

TEST_CASE_METHOD(supervised_fixture, "a sleeping worker is not stuck") {
  CHECK_FALSE(begin(background::coroutine("x", sleeper)
                      .stuck({.limit = 20ms, .replace = false})));
  CHECK_FALSE(begin(background::periodic("y", 1h, [] {
                    }).stuck({.limit = 20ms, .replace = false})));
  std::this_thread::sleep_for(300ms);
  std::lock_guard guard{mutex};
  CHECK(std::none_of(seen.begin(), seen.end(), [](const auto& x) {
    return x.what == transition::stuck;
  }));
}

TEST_CASE_METHOD(supervised_fixture,
                 "a worker may have itself stopped without waiting") {
  std::promise<void> asked;
  CHECK_FALSE(begin(background::coroutine("x", [&](task_context ctx) -> task {
    // Named, because g++ 12 destroys braced temporaries of a co_await twice.
    terminate_child stop_me{"x"};
    try {
      co_await ctx.request(supervisor, 10s, stop_me);
    } catch (const cancelled&) {
      asked.set_value();
      throw;
    }
  })));
  CHECK(asked.get_future().wait_for(10s) == std::future_status::ready);
  CHECK(reason_of(transition::stopped).find("workers/x") == 0);
}

TEST_CASE_METHOD(supervised_fixture,
                 "10,000 coroutines started and cancelled one after the other "
                 "leave nothing behind") {
  caf::scoped_actor self{system};
  auto running = system.registry().running();
  auto threads = threads_here();
  auto descriptors = descriptors_here();
  auto work = std::make_shared<child_spec>(
    to_child_spec(background::coroutine("x", sleeper)));
  int bad = 0;
  for (int i = 0; i < 10'000; ++i) {
    self->request(supervisor, 10s, start_child{work})
      .receive([](child_started&) {}, [&](caf::error&) { ++bad; });
    self->request(supervisor, 10s, terminate_child{"x"})
      .receive([](acknowledged) {}, [&](caf::error&) { ++bad; });
  }
  CHECK(bad == 0);
  CHECK(eventually([&] { return system.registry().running() == running; }));
  CHECK(threads_here() <= threads);
  CHECK(descriptors_here() <= descriptors);
  CHECK(detail::wake_service::of(system)->size() == 0);
}

TEST_CASE_METHOD(
  supervised_fixture,
  "100,000 sleeping coroutines clean up and end within seconds") {
  constexpr int many = 100'000;
  std::atomic<int> clean = 0;
  struct guard {
    explicit guard(std::atomic<int>& count) : n(count) {}
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
    ~guard() { ++n; }
    std::atomic<int>& n;
  };
  std::vector<started_worker> workers;
  workers.reserve(many);
  auto work = background::coroutine("x", [&](task_context ctx) -> task {
    guard g{clean};
    co_await ctx.sleep_for(1h);
  });
  for (int i = 0; i < many; ++i)
    workers.push_back(start(work));
  caf::scoped_actor self{system};
  for (const auto& x : workers)
    self->monitor(x.handle);
  auto begun = std::chrono::steady_clock::now();
  for (const auto& x : workers)
    x.stop();
  int shut = 0;
  for (int i = 0; i < many; ++i)
    self->receive(
      [&](caf::down_msg& x) {
        shut += x.reason == caf::make_error(caf::exit_reason::user_shutdown);
      },
      caf::after(10s) >> [] {});
  // With sanitizers and on busy machines too; the demo measures.
  CHECK(std::chrono::steady_clock::now() - begun < 20s);
  CHECK(shut == many);
  CHECK(clean == many);
}
