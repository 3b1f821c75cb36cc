#include "real_fixture.hpp"

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

/// Waits until the token says stop.
void until_stopped(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock guard{mutex};
  wake.wait(guard, stop, [] { return false; });
}

} // namespace

TEST_CASE_METHOD(real_fixture, "a blocking function that returns ends its "
                               "worker normally") {
  std::atomic<bool> ran = false;
  auto x = start(
    background::blocking("x", [&](const std::stop_token&) { ran = true; }));
  CHECK_FALSE(await_end(x));
  CHECK(ran);
}

TEST_CASE_METHOD(
  real_fixture,
  "a blocking function that is told to end sees its stop token change") {
  std::promise<std::thread::id> begun;
  auto x = start(background::blocking("x", [&](const std::stop_token& stop) {
    begun.set_value(std::this_thread::get_id());
    until_stopped(stop);
  }));
  CHECK(begun.get_future().get() != std::this_thread::get_id());
  x.stop();
  CHECK(await_end(x) == caf::make_error(caf::exit_reason::user_shutdown));
}

TEST_CASE_METHOD(real_fixture,
                 "a blocking function that throws ends its worker "
                 "with an error that says it") {
  auto x = start(background::blocking("x", [](const std::stop_token&) {
    throw std::runtime_error("the pipe broke");
  }));
  auto reason = await_end(x);
  CHECK(is(reason, errc::crashed));
  CHECK(explain(reason).find("the pipe broke") != std::string::npos);
  auto y = start(background::blocking("y", [](const std::stop_token& stop) {
    until_stopped(stop);
    throw cancelled{};
  }));
  y.stop();
  CHECK(await_end(y) == caf::make_error(caf::exit_reason::user_shutdown));
}

TEST_CASE_METHOD(
  real_fixture,
  "a blocking function's captures are destroyed before its worker ends") {
  auto captured = std::make_shared<int>(7);
  std::weak_ptr<int> watch = captured;
  {
    auto work = background::blocking(
      "x", [captured = std::move(captured)](const std::stop_token&) {});
    auto x = start(work);
    CHECK_FALSE(await_end(x));
  }
  CHECK(watch.expired());
}

TEST_CASE_METHOD(real_fixture,
                 "a thread that never returns is abandoned, and reports until "
                 "then what it does and since when") {
  auto before = std::chrono::steady_clock::now();
  std::promise<void> gate;
  std::promise<void> begun;
  auto captured = std::make_shared<std::string>("still there");
  std::promise<std::string> after;
  auto x = start(background::blocking("x", [&begun, &after,
                                            opened = gate.get_future().share(),
                                            captured](const std::stop_token&) {
    report_doing("waiting for Godot");
    begun.set_value();
    opened.wait();
    after.set_value(*captured);
  }));
  captured.reset();
  begun.get_future().wait();
  auto note = x.probe->doing();
  REQUIRE(note);
  CHECK(note->what == "waiting for Godot");
  CHECK(note->since >= before);
  CHECK(note->since <= std::chrono::steady_clock::now());
  x.stop();
  CHECK_FALSE(x.probe->can_be_killed());
  x.kill();
  CHECK(await_end(x) == caf::make_error(caf::exit_reason::kill));
  // The actor is gone, its system may go; the thread is still there.
  CHECK_FALSE(x.probe->can_be_killed());
  CHECK(x.probe->doing());
  x.handle = nullptr;
  gate.set_value();
  CHECK(after.get_future().get() == "still there");
  while (!x.probe->can_be_killed())
    std::this_thread::yield();
}

TEST_CASE("an abandoned thread outlives its actor system unharmed") {
  std::promise<void> gate;
  std::promise<void> returned;
  {
    real_fixture f;
    auto x =
      f.start(background::blocking("x", [opened = gate.get_future().share(),
                                         &returned](const std::stop_token&) {
        opened.wait();
        returned.set_value();
      }));
    x.kill();
    CHECK(f.await_end(x) == caf::make_error(caf::exit_reason::kill));
  }
  gate.set_value();
  returned.get_future().wait();
}

TEST_CASE_METHOD(real_fixture,
                 "a worker on a thread may stop itself without waiting") {
  std::promise<caf::actor> self;
  auto known = self.get_future().share();
  auto x =
    start(background::blocking("x", [known](const std::stop_token& stop) {
      exit_high(known.get(), caf::exit_reason::user_shutdown);
      until_stopped(stop);
    }));
  self.set_value(x.handle);
  CHECK(await_end(x) == caf::make_error(caf::exit_reason::user_shutdown));
}

TEST_CASE_METHOD(real_fixture, "10,000 blocking workers one after the other "
                               "leave no thread and no descriptor") {
  auto cycle = [this] {
    auto x = start(background::blocking("x", until_stopped));
    x.stop();
    return await_end(x) == caf::make_error(caf::exit_reason::user_shutdown);
  };
  REQUIRE(cycle());
  auto threads = threads_here();
  auto descriptors = descriptors_here();
  int bad = 0;
  for (int i = 0; i < 10'000; ++i)
    bad += cycle() ? 0 : 1;
  CHECK(bad == 0);
  // The last thread says that it is done a moment before it is.
  CHECK(eventually([&] { return threads_here() <= threads; }));
  CHECK(descriptors_here() <= descriptors);
}

TEST_CASE_METHOD(real_fixture, "an empty blocking function is refused") {
  auto r = start_bare(system, background::blocking("x", {}));
  CHECK(r.how == start_result::outcome::failed);
  CHECK(is(r.reason, errc::invalid_spec));
  CHECK(explain(r.reason).find("the one given is empty") != std::string::npos);
}

TEST_CASE("report_doing has no effect on other threads") {
  CHECK_NOTHROW(report_doing("nothing"));
}

TEST_CASE_METHOD(worker_fixture,
                 "the user's own actor can be a worker unchanged") {
  auto x = start(background::actor("x", [](caf::actor_system& sys) {
    return sys.spawn([](caf::event_based_actor*) -> caf::behavior {
      return {[](int n) {
        return n + 1;
      }};
    });
  }));
  CHECK(*ask<int>(x.handle, 41) == 42);
  stop(x);
  CHECK(x.ended_with(caf::exit_reason::user_shutdown));
}

TEST_CASE("a background value carries how it is supervised") {
  auto work = background::blocking("x", [](const std::stop_token&) {})
                .restart(restart_type::transient)
                .shutdown(shutdown_policy::within(2s))
                .backoff({.min = 10ms, .max = 1s})
                .stuck({.limit = 1s, .replace = true});
  CHECK(work.name() == "x");
  CHECK(work.kind() == "blocking");
  auto spec = to_child_spec(std::move(work));
  CHECK(spec.restart == restart_type::transient);
  CHECK(spec.effective_shutdown() == shutdown_policy::within(2s));
  CHECK(spec.backoff.min == 10ms);
  CHECK(spec.stuck.replace);
  auto plain = to_child_spec(background::coroutine("y", {}));
  CHECK(plain.restart == restart_type::temporary);
  CHECK(plain.kind == "coroutine");
}
