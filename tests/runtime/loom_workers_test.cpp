#include "runtime/looms.hpp"
#include "support/catch.hpp"

#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/memory_ids.hpp>
#include <hololoom/messages/caf/reflection_ids.hpp>
#include <hololoom/messages/caf/shuttle_ids.hpp>
#include <hololoom/runtime/loom.hpp>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

// A user's workers live on, whatever becomes of what is beside them.

using namespace hololoom;
using namespace std::chrono_literals;
using namespace hololoom::test;

namespace {

background steady(const std::string& name = "steady") {
  return background::coroutine(name, sleep_for_ever)
    .restart(restart_type::permanent);
}

maybe<child_status> status_of(const loom& x, const std::string& path) {
  for (auto& child : x.tree().children)
    if (child.path == path)
      return child;
  return nothing;
}

} // namespace

TEST_CASE("no part's restart touches a worker") {
  auto x = open();
  event_watch events{x};
  REQUIRE(x.spawn_background(steady()));
  SECTION("the shuttle") {
    kill_incarnation(x, "root/shuttle");
  }
  SECTION("the yarn graph") {
    kill_incarnation(x, "root/yarn");
  }
  SECTION("the buffer") {
    kill_incarnation(x, "root/reflection");
  }
  REQUIRE(events.wait_for("root/weavers", transition::ready, 2));
  auto worker = status_of(x, "root/workers/steady");
  REQUIRE(worker);
  CHECK(worker->state == child_state::running);
  CHECK(worker->incarnation == 1);
  CHECK(status_of(x, "root/workers")->incarnation == 1);
}

TEST_CASE("a restart of the workers' supervisor brings back all but temporary "
          "workers") {
  auto x = open();
  event_watch events{x};
  REQUIRE(x.spawn_background(steady("a")));
  REQUIRE(x.spawn_background(steady("b").restart(restart_type::transient)));
  REQUIRE(x.spawn_background(steady("c").restart(restart_type::temporary)));
  REQUIRE(x.spawn_background(steady("stopped")));
  REQUIRE(!x.stop_background("stopped"));
  auto done = background::coroutine("done", [](task_context) -> task {
                co_return;
              }).restart(restart_type::transient);
  REQUIRE(x.spawn_background(std::move(done)));
  REQUIRE(events.wait_for("root/workers/done", transition::exited));
  exit_high(x.workers(), caf::exit_reason::kill);
  REQUIRE(events.wait_for("root/workers", transition::ready, 2));
  CHECK(status_of(x, "root/workers/a"));
  CHECK(status_of(x, "root/workers/b"));
  CHECK(!status_of(x, "root/workers/c"));
  CHECK(!status_of(x, "root/workers/stopped"));
  CHECK(!status_of(x, "root/workers/done"));
  // The other parts were not touched.
  CHECK(status_of(x, "root/shuttle")->incarnation == 1);
}

TEST_CASE("a worker that ends too often is given up alone") {
  auto cfg = config::fast();
  cfg.workers.give_up_after = 3;
  auto x = open(cfg);
  event_watch events{x};
  REQUIRE(x.spawn_background(steady()));
  auto storm = [] {
    return background::blocking(
             "storm", [](std::stop_token) { throw std::runtime_error{"boom"}; })
      .restart(restart_type::permanent);
  };
  REQUIRE(x.spawn_background(storm()));
  REQUIRE(events.wait_for("root/workers/storm", transition::gave_up));
  CHECK(events.count("root/workers/storm", transition::restarting) == 3);
  auto given_up = status_of(x, "root/workers/storm");
  REQUIRE(given_up);
  CHECK(given_up->state == child_state::stopped);
  CHECK(given_up->last_reason
        == std::string{"the blocking function threw: boom"});
  CHECK(status_of(x, "root/workers/steady")->incarnation == 1);
  CHECK(x.state() == loom_state::running);
  // It does not come back by itself, and its name may be used again.
  exit_high(x.workers(), caf::exit_reason::kill);
  REQUIRE(events.wait_for("root/workers", transition::ready, 2));
  CHECK(!status_of(x, "root/workers/storm"));
  REQUIRE(x.spawn_background(storm().give_up_after(1, 1min)));
}

TEST_CASE("a name is free when its worker was stopped, given up or done") {
  auto x = open();
  event_watch events{x};
  for (auto i = 0; i < 3; ++i) {
    REQUIRE(x.spawn_background(steady()));
    REQUIRE(!x.stop_background("steady"));
    CHECK(!status_of(x, "root/workers/steady"));
  }
  auto once = background::coroutine("once", [](task_context) -> task {
                co_return;
              }).restart(restart_type::transient);
  for (auto i = 0; i < 3; ++i) {
    REQUIRE(x.spawn_background(once));
    REQUIRE(events.wait_for("root/workers/once", transition::exited, 0, i + 1));
  }
}

TEST_CASE("workers that have done their work leave the tree") {
  auto x = open();
  REQUIRE(x.spawn_background(steady()));
  for (auto i = 0; i < 20; ++i) {
    auto name = "once-" + std::to_string(i);
    REQUIRE(
      x.spawn_background(background::coroutine(name, [](task_context) -> task {
                           co_return;
                         }).restart(restart_type::transient)));
    CHECK(!x.wait_background(name));
  }
  auto left = [&] {
    auto tree = x.tree().children;
    return std::count_if(tree.begin(), tree.end(), [](const auto& child) {
      return child.path.starts_with("root/workers/once-");
    });
  };
  // No event tells that a supervisor has forgotten a child.
  auto limit = std::chrono::steady_clock::now() + 20s;
  while (left() > 0 && std::chrono::steady_clock::now() < limit)
    std::this_thread::sleep_for(1ms);
  CHECK(left() == 0);
  CHECK(status_of(x, "root/workers/steady"));
}

// -- how a worker ends ---------------------------------------------------------------

namespace {

background once(restart_type restart = restart_type::temporary) {
  return background::coroutine("once", [](task_context) -> task { co_return; })
    .restart(restart);
}

background failing() {
  return background::blocking(
    "failing", [](std::stop_token) { throw std::runtime_error{"boom"}; });
}

} // namespace

TEST_CASE("spawning answers what was started") {
  auto x = open();
  auto started = x.spawn_background(steady());
  REQUIRE(started);
  CHECK(started->name == "steady");
  CHECK(started->incarnation == 1);
  CHECK(started->handle == x.names()->find("root/workers/steady"));
}

TEST_CASE("one can wait for a worker's end") {
  auto x = open();
  SECTION("that has done its work") {
    auto restart = GENERATE(restart_type::temporary, restart_type::transient);
    REQUIRE(x.spawn_background(once(restart)));
    CHECK(!x.wait_background("once"));
    // Also when it ended long before.
    CHECK(!x.wait_background("once"));
  }
  SECTION("that has failed") {
    REQUIRE(x.spawn_background(failing()));
    auto why = x.wait_background("failing");
    CHECK(is(why, errc::crashed));
    CHECK(explain(why)
          == "the worker 'failing' failed: the blocking function threw: boom");
  }
  SECTION("that was given up") {
    REQUIRE(x.spawn_background(
      failing().restart(restart_type::permanent).give_up_after(2, 1min)));
    CHECK(is(x.wait_background("failing"), errc::crashed));
  }
  SECTION("that was stopped") {
    REQUIRE(x.spawn_background(steady()));
    auto end = x.wait_background_async("steady");
    CHECK(!x.stop_background("steady"));
    CHECK(!end.get());
  }
  SECTION("that the loom ends") {
    REQUIRE(x.spawn_background(steady()));
    auto end = x.wait_background_async("steady");
    x.close();
    CHECK(!end.get());
  }
  SECTION("that ends with its supervisor, because it is temporary") {
    REQUIRE(x.spawn_background(steady().restart(restart_type::temporary)));
    auto end = x.wait_background_async("steady");
    kill_incarnation(x, "root/workers");
    CHECK(is(end.get(), errc::crashed));
  }
  SECTION("and not of one that never was") {
    CHECK(is(x.wait_background("nobody"), errc::not_found));
  }
}

TEST_CASE("a wait for a worker goes on over its restarts") {
  auto x = open();
  event_watch events{x};
  REQUIRE(x.spawn_background(steady()));
  auto end = x.wait_background_async("steady");
  kill_incarnation(x, "root/workers/steady");
  REQUIRE(events.wait_for("root/workers/steady", transition::started, 2));
  kill_incarnation(x, "root/workers");
  REQUIRE(events.wait_for("root/workers", transition::ready, 2));
  CHECK(end.wait_for(0s) == std::future_status::timeout);
  CHECK(!x.stop_background("steady"));
  CHECK(!end.get());
}

TEST_CASE("a worker is restarted by hand") {
  auto x = open();
  SECTION("one that runs, whatever its restart type") {
    auto restart = GENERATE(restart_type::temporary, restart_type::permanent);
    auto first = x.spawn_background(steady().restart(restart));
    REQUIRE(first);
    auto end = x.wait_background_async("steady");
    auto second = x.restart_background("steady");
    REQUIRE(second);
    CHECK(second->handle != first->handle);
    CHECK(x.names()->find("root/workers/steady") == second->handle);
    CHECK(end.wait_for(0s) == std::future_status::timeout);
  }
  SECTION("one that was given up") {
    REQUIRE(x.spawn_background(
      failing().restart(restart_type::permanent).give_up_after(1, 1min)));
    REQUIRE(x.wait_background("failing"));
    REQUIRE(x.restart_background("failing"));
    CHECK(is(x.wait_background("failing"), errc::crashed));
  }
  SECTION("but not one that is forgotten") {
    REQUIRE(x.spawn_background(once()));
    CHECK(!x.wait_background("once"));
    CHECK(is(x.restart_background("once").error(), errc::not_found));
  }
}

TEST_CASE("a worker is killed by hand, whatever its limit") {
  auto x = open();
  auto stubborn = [](task_context ctx) -> task {
    auto shield = ctx.shield();
    co_await ctx.sleep_for(1h);
  };
  REQUIRE(x.spawn_background(background::coroutine("stubborn", stubborn)
                               .restart(restart_type::permanent)
                               .shutdown(shutdown_policy::infinity())));
  CHECK(!x.kill_background("stubborn"));
  CHECK(!status_of(x, "root/workers/stubborn"));
  CHECK(is(x.kill_background("stubborn"), errc::not_found));
  CHECK(x.close().exit_code == 0);
}

TEST_CASE("stopping a worker says how it ended") {
  auto x = open();
  auto type = GENERATE(restart_type::temporary, restart_type::permanent);
  SECTION("in order") {
    REQUIRE(x.spawn_background(steady().restart(type)));
    CHECK(!x.stop_background("steady"));
    CHECK(!x.wait_background("steady"));
  }
  SECTION("it failed on the way") {
    REQUIRE(x.spawn_background(
      background::coroutine("torn",
                            [](task_context ctx) -> task {
                              try {
                                co_await ctx.sleep_for(1h);
                              } catch (const cancelled&) {
                                throw std::runtime_error{"the warp tore"};
                              }
                            })
        .restart(type)
        .essential()));
    for (const auto& why :
         {x.stop_background("torn"), x.wait_background("torn")}) {
      CHECK(is(why, errc::crashed));
      CHECK(explain(why).find("the warp tore") != std::string::npos);
    }
    // Who stops an essential one means it.
    CHECK(x.state() == loom_state::running);
  }
  SECTION("it had to be killed") {
    REQUIRE(
      x.spawn_background(background::coroutine("stubborn",
                                               [](task_context ctx) -> task {
                                                 auto shield = ctx.shield();
                                                 co_await ctx.sleep_for(1h);
                                               })
                           .restart(type)
                           .shutdown(shutdown_policy::within(5ms))));
    CHECK(is(x.stop_background("stubborn"), errc::stuck));
    CHECK(is(x.wait_background("stubborn"), errc::stuck));
    CHECK(x.close().exit_code == 0);
  }
  SECTION("a kill that its spec asks for is in order") {
    REQUIRE(x.spawn_background(
      steady().restart(type).shutdown(shutdown_policy::brutal_kill())));
    CHECK(!x.stop_background("steady"));
  }
  SECTION("it is let go") {
    std::promise<void> gate;
    REQUIRE(x.spawn_background(
      background::blocking("deaf", [opened = gate.get_future().share()](
                                     const std::stop_token&) { opened.wait(); })
        .restart(type)
        .shutdown(shutdown_policy::within(5ms))));
    auto how = x.stop_background("deaf");
    CHECK(is(how, errc::stuck));
    CHECK(explain(how).find("let go") != std::string::npos);
    gate.set_value();
  }
}

TEST_CASE("what a worker captured is released when it is forgotten") {
  auto x = open();
  std::promise<void> released;
  std::shared_ptr<void> held{nullptr, [&](void*) {
                               released.set_value();
                             }};
  REQUIRE(x.spawn_background(background::coroutine(
    "holder", [held = std::move(held)](task_context) -> task { co_return; })));
  CHECK(!x.wait_background("holder"));
  CHECK(released.get_future().wait_for(20s) == std::future_status::ready);
}

// -- what the loom does then ---------------------------------------------------------

TEST_CASE("the failure of an essential worker closes the loom") {
  auto x = open();
  REQUIRE(x.spawn_background(steady()));
  auto work = failing().essential();
  SECTION("that is not restarted") {}
  SECTION("that is given up") {
    work.restart(restart_type::permanent).give_up_after(2, 1min);
  }
  REQUIRE(x.spawn_background(std::move(work)));
  auto report = x.wait();
  CHECK(report.reason.starts_with("the worker 'failing' failed: "));
  CHECK(report.reason.ends_with("the blocking function threw: boom"));
  CHECK(report.requested_by == "the worker 'failing', which is essential");
  CHECK(report.exit_code == 69);
  CHECK(report.flush.acknowledged);
}

TEST_CASE("the end in order of an essential worker closes nothing") {
  auto x = open();
  REQUIRE(x.spawn_background(once().essential()));
  CHECK(!x.wait_background("once"));
  CHECK(x.state() == loom_state::running);
  CHECK(x.close().exit_code == 0);
}

TEST_CASE("a loom closes when its workers are done") {
  auto x = open();
  SECTION("all of them") {
    REQUIRE(x.spawn_background(steady()));
    REQUIRE(x.spawn_background(once()));
    x.close_when_done();
    CHECK(!x.wait_background("once"));
    CHECK(x.state() == loom_state::running);
    CHECK(!x.stop_background("steady"));
  }
  SECTION("at once, if there is none") {
    x.close_when_done();
  }
  auto report = x.wait();
  CHECK(report.reason == "no background worker is left");
  CHECK(report.exit_code == 0);
}

TEST_CASE("who waits for a loom that fails closes it") {
  auto x = open();
  auto waiting = std::async(std::launch::async, [&] { return x.wait(); });
  exit_high(x.root(), caf::exit_reason::kill);
  auto report = waiting.get();
  CHECK(report.reason.starts_with("the loom failed: "));
  // The buffer went with the root, so that there was no flush.
  CHECK(report.exit_code == (report.first_force_at ? 75 : 74));
  CHECK(x.state() == loom_state::closed);
}

TEST_CASE("the report lists the failures of the run") {
  auto x = open();
  REQUIRE(x.spawn_background(
    failing().give_up_after(2, 1min).restart(restart_type::permanent)));
  REQUIRE(x.wait_background("failing"));
  REQUIRE(x.spawn_background(
    background::coroutine("thrower", [](task_context) -> task {
      throw 42;
      co_return;
    })));
  REQUIRE(x.wait_background("thrower"));
  REQUIRE(x.spawn_background(once()));
  CHECK(!x.wait_background("once"));
  auto report = x.close();
  CHECK(report.exit_code == 0);
  CHECK(report.failures_left_out == 0);
  REQUIRE(report.failures.size() == 2);
  const auto& first = report.failures[0];
  CHECK(first.path == "root/workers/failing");
  CHECK(first.times == 3);
  CHECK(first.restarts == 2);
  CHECK(first.gave_up);
  CHECK(first.reason == "the blocking function threw: boom");
  CHECK(first.first < first.last);
  const auto& second = report.failures[1];
  CHECK(second.path == "root/workers/thrower");
  CHECK(second.times == 1);
  CHECK(!second.gave_up);
}

// -- groups --------------------------------------------------------------------------

TEST_CASE("a group has a strategy of its own, and is stopped as one") {
  auto x = open();
  event_watch events{x};
  REQUIRE(x.spawn_background(steady("outside")));
  REQUIRE(x.spawn_background(
    background::group({.name = "group", .strategy = strategy::one_for_all},
                      {steady("a"), steady("b")})));
  auto found = x.find("a");
  REQUIRE(found);
  CHECK(x.find("root/workers/group/a") == found);
  SECTION("a crash of one restarts all of it") {
    kill_incarnation(x, "root/workers/group/b");
    REQUIRE(events.wait_for("root/workers/group/b", transition::started, 2));
    CHECK(status_of(x, "root/workers/group/a")->incarnation == 2);
    CHECK(status_of(x, "root/workers/outside")->incarnation == 1);
  }
  SECTION("it is restarted like a worker") {
    REQUIRE(x.restart_background("group"));
    CHECK(status_of(x, "root/workers/group/a"));
    kill_incarnation(x, "root/workers");
    REQUIRE(events.wait_for("root/workers", transition::ready, 2));
    CHECK(status_of(x, "root/workers/group/b"));
  }
  CHECK(!x.stop_background("group"));
  CHECK(!status_of(x, "root/workers/group"));
  CHECK(!status_of(x, "root/workers/group/a"));
  CHECK(status_of(x, "root/workers/outside"));
}

TEST_CASE("a group in a group is restarted alone, and stopped with it") {
  auto x = open();
  event_watch events{x};
  auto inner =
    background::group({.name = "inner", .strategy = strategy::one_for_all},
                      {steady("a"), steady("b")})
      .restart(restart_type::permanent);
  REQUIRE(x.spawn_background(
    background::group({.name = "outer"}, {inner, steady("c")})));
  const std::string outer = "root/workers/outer";
  auto incarnation_of = [&](const std::string& path) {
    auto status = status_of(x, outer + path);
    return status ? status->incarnation : 0;
  };
  CHECK(x.find("a") == x.find(outer + "/inner/a"));
  SECTION("a crash of a member restarts its own group's") {
    kill_incarnation(x, outer + "/inner/a");
    REQUIRE(events.wait_for(outer + "/inner/b", transition::started, 2));
    CHECK(incarnation_of("/inner") == 1);
    CHECK(incarnation_of("/c") == 1);
  }
  SECTION("a crash of the inner group restarts it with its members") {
    kill_incarnation(x, outer + "/inner");
    REQUIRE(events.wait_for(outer + "/inner", transition::ready, 2));
    CHECK(incarnation_of("/inner/a") != 0);
    CHECK(incarnation_of("/inner/b") != 0);
    CHECK(incarnation_of("/c") == 1);
    CHECK(incarnation_of("") == 1);
  }
  CHECK(!x.stop_background("outer"));
  for (const auto* path : {"", "/c", "/inner", "/inner/a", "/inner/b"})
    CHECK(incarnation_of(path) == 0);
  CHECK(x.close().exit_code == 0);
}

TEST_CASE("a group that gives up is given up alone, with the reason") {
  auto x = open();
  REQUIRE(x.spawn_background(steady("outside")));
  auto group = background::group({.name = "group"},
                                 {failing().restart(restart_type::permanent)});
  SECTION("and closes the loom if it is essential") {
    REQUIRE(x.spawn_background(std::move(group).essential()));
    auto report = x.wait();
    CHECK(report.exit_code == 69);
    CHECK(report.reason.starts_with("the worker 'group' failed: "));
    return;
  }
  REQUIRE(x.spawn_background(std::move(group)));
  CHECK(is(x.wait_background("group"), errc::crashed));
  CHECK(status_of(x, "root/workers/outside")->incarnation == 1);
  CHECK(x.state() == loom_state::running);
}

TEST_CASE("a task with children is a worker like any other") {
  auto x = open();
  event_watch events{x};
  REQUIRE(x.spawn_background(
    background::nursery("crawler",
                        [](task_context ctx, nursery children) -> task {
                          if (auto refused = children.start(steady("leaf")))
                            throw std::runtime_error{explain(refused)};
                          co_await ctx.sleep_for(1h);
                        })
      .restart(restart_type::permanent)));
  REQUIRE(events.wait_for("root/workers/crawler/leaf", transition::started));
  SECTION("it is restarted as a whole when its task is killed") {
    kill_incarnation(x, "root/workers/crawler/task");
    REQUIRE(
      events.wait_for("root/workers/crawler/leaf", transition::started, 0, 2));
  }
  SECTION("and with the workers' own supervisor") {
    kill_incarnation(x, "root/workers");
    REQUIRE(
      events.wait_for("root/workers/crawler/leaf", transition::started, 0, 2));
  }
  SECTION("it is stopped with its children") {
    CHECK(!x.stop_background("crawler"));
    CHECK(!status_of(x, "root/workers/crawler"));
    CHECK(!status_of(x, "root/workers/crawler/leaf"));
  }
  auto report = x.close();
  CHECK(report.exit_code == 0);
  CHECK(report.abandoned.empty());
}
