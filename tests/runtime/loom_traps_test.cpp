#include "support/catch.hpp"

#include <hololoom/actors/supervision/ask.hpp>
#include <hololoom/runtime/loom.hpp>
#include <hololoom/runtime/signals.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <latch>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

// Calls that look right and would hang or crash.

using namespace hololoom;
using namespace std::chrono_literals;

namespace {

loom open() {
  auto result = loom::open(config::fast());
  if (!result)
    throw std::runtime_error{explain(result.error())};
  return std::move(*result);
}

/// Whether the loom closed without having to wait for, or force, a worker.
bool closed_well(const shutdown_report& x) {
  return x.exit_code == 0 && x.abandoned.empty() && x.total < millis{2'000};
}

} // namespace

TEST_CASE("a worker may wait for the report of close_async") {
  auto x = open();
  std::promise<shutdown_report> seen;
  SECTION("on a thread") {
    REQUIRE(x.spawn_background(
      background::blocking("closer", [&](const std::stop_token&) {
        seen.set_value(x.close_async("from inside").get());
      })));
  }
  SECTION("on a thread, looking at it again and again") {
    REQUIRE(x.spawn_background(
      background::blocking("closer", [&](const std::stop_token&) {
        auto report = x.close_async("from inside");
        while (report.wait_for(50ms) != std::future_status::ready)
          ;
        seen.set_value(report.get());
      })));
  }
  SECTION("in a coroutine") {
    auto body = [&](task_context ctx) -> task {
      co_await ctx.yield();
      seen.set_value(x.close_async("from inside").get());
    };
    REQUIRE(x.spawn_background(background::coroutine("closer", body)));
  }
  auto report = seen.get_future().get();
  CHECK(closed_well(report));
  CHECK(report.requested_by == "a background worker");
  CHECK(x.close() == report);
}

TEST_CASE("a worker that waited for the report ends in its own time") {
  std::optional<loom> x = open();
  std::promise<void> reported;
  std::promise<void> go_on;
  REQUIRE(x->spawn_background(
    background::blocking("closer", [&](const std::stop_token&) {
      x->close_async("from inside").get();
      reported.set_value();
      go_on.get_future().wait();
    })));
  reported.get_future().wait();
  auto has_closer = [&] {
    auto tree = x->tree().children;
    return std::any_of(tree.begin(), tree.end(), [](const auto& child) {
      return child.path == "root/workers/closer";
    });
  };
  // Its supervisors wait for it.
  for (int i = 0; i < 400 && has_closer(); ++i)
    std::this_thread::sleep_for(1ms);
  CHECK(has_closer());
  go_on.set_value();
  auto before = std::chrono::steady_clock::now();
  x.reset();
  CHECK(std::chrono::steady_clock::now() - before < 800ms);
}

TEST_CASE("a shutdown hook may wait for the report of close_async") {
  auto x = open();
  std::promise<shutdown_report> seen;
  REQUIRE(!x.at_shutdown(cascade_phase::refuse, "closer", 10s, [&] {
    seen.set_value(x.close_async("from a hook").get());
  }));
  auto report = x.close();
  CHECK(closed_well(report));
  CHECK(seen.get_future().get() == report);
}

TEST_CASE("forty workers may close their loom at once") {
  auto x = open();
  constexpr int count = 40;
  std::latch all{count};
  for (int i = 0; i < count; ++i)
    REQUIRE(x.spawn_background(background::blocking(
      "closer-" + std::to_string(i), [&](const std::stop_token&) {
        all.arrive_and_wait();
        x.close();
      })));
  CHECK(closed_well(x.close()));
}

TEST_CASE("more coroutines than there are threads may close their loom") {
  auto x = open();
  constexpr int count = 40;
  std::atomic<int> there = 0;
  std::atomic<int> refused = 0;
  auto body = [&](task_context ctx) -> task {
    auto shield = ctx.shield();
    ++there;
    while (there < count)
      co_await ctx.sleep_for(1ms);
    auto report = x.close();
    if (report.exit_code != 0) {
      ++refused;
      CHECK(report.flush.error->find("close_async") != std::string::npos);
    }
  };
  for (int i = 0; i < count; ++i)
    REQUIRE(x.spawn_background(
      background::coroutine("closer-" + std::to_string(i), body)));
  CHECK(closed_well(x.close()));
  CHECK(refused > 0);
}

TEST_CASE("a loom that was moved from refuses every call") {
  auto x = open();
  auto to = std::move(x);
  CHECK(is(x.weave("2 + 2").error(), errc::closed));
  CHECK(explain(x.weave("2 + 2").error()).find("moved from")
        != std::string::npos);
  CHECK(is(x.weave_and_reflect("2 + 2").error(), errc::closed));
  CHECK(is(x.weave_and_reflect_async("2 + 2").get().error(), errc::closed));
  CHECK(is(x.reflect("id").error(), errc::closed));
  CHECK(is(x.reflect(spacetime{}).error(), errc::closed));
  CHECK(is(x.remember({}).error(), errc::closed));
  CHECK(is(x.reflection_metrics().error(), errc::closed));
  CHECK(is(x.episodes().error(), errc::closed));
  CHECK(is(x.weave_async({}).get().error(), errc::closed));
  CHECK(is(x.reflect_async({}).get().error(), errc::closed));
  CHECK(is(x.remember_async({}).get().error(), errc::closed));
  CHECK(is(x.remember_anew_async({}).get().error(), errc::closed));
  CHECK(is(x.reflection_metrics_async().get().error(), errc::closed));
  auto work = background::blocking("x", [](const std::stop_token&) {});
  CHECK(is(x.spawn_background(work).error(), errc::closed));
  CHECK(is(x.spawn_background_async(work).get().error(), errc::closed));
  CHECK(is(x.stop_background("x"), errc::closed));
  CHECK(is(x.kill_background("x"), errc::closed));
  CHECK(is(x.restart_background("x").error(), errc::closed));
  CHECK(is(x.wait_background("x"), errc::closed));
  CHECK(is(x.wait_background_async("x").get(), errc::closed));
  x.close_when_done();
  CHECK(is(x.at_shutdown(cascade_phase::refuse, "x", 1s, [] {}), errc::closed));
  CHECK(is(x.at_shutdown({}), errc::closed));
  CHECK(is(x.cancel_at_shutdown("x"), errc::closed));
  CHECK(x.subscribe([](const lifecycle_event&) {}) == 0);
  x.unsubscribe(1);
  x.hurry();
  CHECK(x.state() == loom_state::closed);
  CHECK(x.tree() == tree_snapshot{});
  CHECK_FALSE(x.shuttle());
  CHECK_FALSE(x.reflection());
  CHECK_FALSE(x.yarn());
  CHECK_FALSE(x.workers());
  CHECK_FALSE(x.root());
  CHECK(is(x.find("shuttle").error(), errc::closed));
  CHECK_FALSE(x.names());
  CHECK_THROWS_AS(x.system(), std::logic_error);
  auto report = x.close("why");
  CHECK(report.reason == "why");
  CHECK(report.exit_code == 70);
  CHECK(report.flush.error);
  CHECK(x.close_async("why").get() == report);
  CHECK(x.wait().exit_code == 70);
  {
    signal_watch signals;
    CHECK(x.run_until(signals).exit_code == 70);
  }
  // The other is as it was, and the first may be one again.
  CHECK(to.weave("2 + 2"));
  x = std::move(to);
  CHECK(x.weave("2 + 2"));
  CHECK(closed_well(x.close()));
}

TEST_CASE("a loom that is moved to itself stays as it is") {
  auto x = open();
  auto& same = x;
  x = std::move(same);
  CHECK(x.state() == loom_state::running);
  CHECK(x.weave("2 + 2"));
}

TEST_CASE("to ask a null handle is an error") {
  auto x = open();
  auto answer = ask_and_wait<child_list>(x.system(), supervisor_actor{}, 1s,
                                         which_children{});
  REQUIRE_FALSE(answer);
  CHECK(is(answer.error(), errc::unavailable));
}
