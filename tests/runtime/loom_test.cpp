#include "runtime/looms.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/memory_ids.hpp>
#include <hololoom/messages/caf/reflection_ids.hpp>
#include <hololoom/messages/caf/shuttle_ids.hpp>
#include <hololoom/messages/caf/type_ids.hpp>
#include <hololoom/messages/json/read.hpp>
#include <hololoom/runtime/loom.hpp>

#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <latch>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace hololoom;
using namespace std::chrono_literals;
using namespace hololoom::test;

namespace {

std::vector<shard> three_shards() {
  return {{.id = "shard_001",
           .text = "Thompson Sampling is a Bayesian approach to the bandit.",
           .episode = "docs"},
          {.id = "shard_002",
           .text =
             "Exploration tries what is uncertain, exploitation uses what "
             "is known.",
           .episode = "docs"},
          {.id = "shard_003",
           .text = "Lifecycle management flushes data to disk and releases "
                   "resources.",
           .episode = "docs"}};
}

std::vector<std::string> phase_names(const shutdown_report& x) {
  std::vector<std::string> result;
  for (const auto& phase : x.phases)
    result.push_back(phase.name);
  return result;
}

} // namespace

// -- the main job ------------------------------------------------------------------

TEST_CASE("a loom weaves over what it remembers and cites it") {
  auto x = open();
  auto kept = x.remember(three_shards());
  REQUIRE(kept);
  CHECK(kept->added == 3);
  auto woven = x.weave("What is Thompson Sampling?");
  REQUIRE(woven);
  CHECK(woven->response.find("Bayesian") != std::string::npos);
  REQUIRE(!woven->sources_used.empty());
  CHECK(woven->sources_used.front() == "shard_001");
  CHECK(woven->trace.stage_durations.size() == 9);
  CHECK(!woven->id.empty());
}

TEST_CASE("an expression is computed") {
  auto x = open();
  auto woven = x.weave("what is 12 * (3 + 4)");
  REQUIRE(woven);
  CHECK(woven->tool_used == "calc");
  CHECK(woven->response.find("84") != std::string::npos);
}

TEST_CASE_METHOD(scratch, "episodes are counted after a restart") {
  std::string id;
  {
    auto x = open_in(path);
    auto woven = x.weave("what is 1 + 1");
    REQUIRE(woven);
    id = woven->id;
    auto ack = x.reflect(*woven, {.helpful = true, .rating = 5.0});
    REQUIRE(ack);
    CHECK(ack->durable);
  }
  auto x = open_in(path);
  CHECK(x.reflection_metrics()->total_cycles == 1);
  auto later = x.reflect(id, {.rating = 1.0});
  REQUIRE(later);
  CHECK(!later->success);
  CHECK(x.reflection_metrics()->total_cycles == 2);
}

TEST_CASE("a loom in memory acknowledges nothing as durable") {
  auto x = open();
  auto woven = x.weave_and_reflect("what is 1 + 1", {.helpful = true});
  REQUIRE(woven);
  auto ack = x.reflect(*woven, {.rating = 4.0});
  REQUIRE(ack);
  CHECK(!ack->durable);
  CHECK(x.reflection_metrics()->total_cycles == 2);
}

TEST_CASE_METHOD(scratch,
                 "a close reason that is not UTF-8 does not stop the close") {
  auto x = open_in(path);
  auto report = x.close("\xff\xfe", "me");
  CHECK(report.exit_code == 0);
  CHECK(std::filesystem::file_size(path / "last_shutdown.json") > 0);
}

TEST_CASE("every call has an asynchronous twin") {
  auto x = open();
  CHECK(x.remember_async(three_shards()).get());
  auto woven = x.weave_async({"what is 2 * 3", {}}).get();
  REQUIRE(woven);
  CHECK(x.reflect_async(*woven, {.helpful = true}).get());
  CHECK(x.weave_and_reflect_async("what is 2 * 4", {.helpful = true}).get());
  CHECK(x.spawn_background_async(background::coroutine("idle", sleep_for_ever))
          .get());
  CHECK(x.reflection_metrics_async().get()->total_cycles == 2);
}

TEST_CASE("an invalid query or rating is refused with the reason") {
  auto x = open();
  auto empty = x.weave("  ");
  REQUIRE(!empty);
  CHECK(is(empty.error(), errc::invalid_query));
  auto woven = x.weave("what is 1 + 1");
  REQUIRE(woven);
  auto ack = x.reflect(*woven, {.rating = 11.0});
  REQUIRE(!ack);
  CHECK(is(ack.error(), errc::invalid_feedback));
  CHECK(explain(ack.error()).find("rating") != std::string::npos);
}

// -- opening -----------------------------------------------------------------------

TEST_CASE_METHOD(scratch, "a loom whose buffer cannot open does not start") {
  std::filesystem::create_directories(path / "journal.db");
  auto cfg = config::fast();
  cfg.data_dir = path.string();
  auto x = loom::open(cfg);
  REQUIRE(!x);
  CHECK(explain(x.error()).find("reflection") != std::string::npos);
  // Everything was rolled back: the next start is a matter of the journal
  // alone.
  std::filesystem::remove(path / "journal.db");
  CHECK(loom::open(cfg));
}

TEST_CASE_METHOD(scratch, "a data directory serves one loom at a time") {
  auto x = open_in(path);
  auto cfg = config::fast();
  cfg.data_dir = path.string();
  auto second = loom::open(cfg);
  REQUIRE(!second);
  CHECK(is(second.error(), errc::data_dir_locked));
}

TEST_CASE("a loom can live in the user's own actor system") {
  caf::actor_system_config cfg;
  register_types(cfg);
  caf::actor_system system{cfg};
  auto x = loom::open(config::bare(), system);
  REQUIRE(x);
  caf::scoped_actor self{system};
  std::string response;
  self->request(x->shuttle(), 10s, weave_request{{"what is 6 * 7", {}}, {}, {}})
    .receive([&](spacetime& woven) { response = woven.response; },
             [&](const caf::error& err) { response = explain(err); });
  CHECK(response.find("42") != std::string::npos);
  CHECK(x->close().exit_code == 0);
}

// -- closing -----------------------------------------------------------------------

TEST_CASE_METHOD(scratch, "the cascade runs its phases and reports them") {
  auto x = open_in(path);
  REQUIRE(x.spawn_background(background::coroutine("idle", sleep_for_ever)));
  REQUIRE(x.weave_and_reflect("what is 1 + 1", {.helpful = true}));
  auto report = x.close("test", "me");
  CHECK(phase_names(report)
        == std::vector<std::string>{"refuse", "signal", "flush", "force",
                                    "stores"});
  CHECK(report.reason == "test");
  CHECK(report.requested_by == "me");
  CHECK(report.flush.acknowledged);
  CHECK(!report.first_force_at);
  CHECK(report.abandoned.empty());
  CHECK(report.exit_code == 0);
  CHECK(report.total < millis{3'000});
  auto has = [&](std::string name) {
    for (const auto& child : report.children)
      if (child.name.ends_with(name))
        return child.how == ended::shutdown;
    return false;
  };
  for (auto name : {"idle", "shuttle", "yarn", "reflection", "weaver-1"}) {
    INFO(name);
    CHECK(has(name));
  }
  std::ifstream in{path / "last_shutdown.json"};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  auto written = from_json_text<shutdown_report>(text);
  REQUIRE(written);
  CHECK(written->requested_by == "me");
  CHECK(std::filesystem::exists(path / "metrics_summary.json"));
}

TEST_CASE("closing twice gives the same report") {
  auto x = open();
  auto first = x.close("one");
  CHECK(x.close("two") == first);
  CHECK(x.state() == loom_state::closed);
}

TEST_CASE("after close every call is refused") {
  auto x = open();
  auto woven = x.weave("what is 1 + 1");
  REQUIRE(woven);
  x.close();
  CHECK(is(x.weave("what is 1 + 1").error(), errc::closed));
  CHECK(is(x.reflect(*woven).error(), errc::closed));
  CHECK(is(x.remember(three_shards()).error(), errc::closed));
  CHECK(is(x.reflection_metrics().error(), errc::closed));
  auto late = x.spawn_background(background::coroutine("late", sleep_for_ever));
  CHECK(is(late.error(), errc::closed));
  CHECK(is(x.at_shutdown(cascade_phase::flush, "late", 1s, [] {}),
           errc::shutting_down));
}

TEST_CASE("an exception that leaves the loom's scope is not changed") {
  std::shared_future<shutdown_report> report;
  try {
    auto x = open();
    throw std::domain_error{"mine"};
  } catch (const std::domain_error& e) {
    CHECK(std::string{e.what()} == "mine");
  }
}

TEST_CASE("hooks run in their phase, and each has a line in the report") {
  auto x = open();
  std::mutex mutex;
  std::vector<std::string> order;
  auto hook = [&](std::string name) {
    return [&, name] {
      std::lock_guard guard{mutex};
      order.push_back(name);
    };
  };
  REQUIRE(!x.at_shutdown(cascade_phase::stores, "c", 1s, hook("c")));
  REQUIRE(!x.at_shutdown(cascade_phase::refuse, "a", 1s, hook("a")));
  REQUIRE(!x.at_shutdown(cascade_phase::flush, "b", 1s, hook("b")));
  REQUIRE(!x.at_shutdown(cascade_phase::flush, "bad", 1s,
                         [] { throw std::runtime_error{"no thanks"}; }));
  auto report = x.close();
  CHECK(order == std::vector<std::string>{"a", "b", "c"});
  CHECK(report.exit_code == 0);
  int lines = 0;
  for (const auto& phase : report.phases) {
    if (phase.name == "hook: bad")
      CHECK(phase.error->find("no thanks") != std::string::npos);
    lines += phase.name.starts_with("hook: ") ? 1 : 0;
  }
  CHECK(lines == 4);
}

TEST_CASE("a hook that hangs is abandoned and named") {
  std::promise<void> release;
  {
    auto x = open();
    REQUIRE(!x.at_shutdown(
      cascade_phase::refuse, "hang", 50ms,
      [&, gone = release.get_future().share()] { gone.wait(); }));
    auto report = x.close();
    CHECK(report.abandoned == std::vector<std::string>{"hook: hang"});
    CHECK(report.exit_code == 75);
    CHECK(report.flush.acknowledged);
  }
  release.set_value();
}

// -- background workers --------------------------------------------------------------

TEST_CASE("a second worker with the same name is refused") {
  auto x = open();
  REQUIRE(x.spawn_background(background::coroutine("pulse", sleep_for_ever)));
  auto twice =
    x.spawn_background(background::coroutine("pulse", sleep_for_ever));
  REQUIRE(!twice);
  CHECK(is(twice.error(), errc::already_started));
  CHECK(!x.stop_background("pulse"));
  CHECK(x.spawn_background(background::coroutine("pulse", sleep_for_ever)));
}

TEST_CASE(
  "a worker that throws is reported, and restarted if it asked for it") {
  auto x = open();
  event_watch events{x};
  std::atomic<int> runs{0};
  auto work = background::blocking("shaky", [&](const std::stop_token& token) {
                if (++runs == 1)
                  throw std::runtime_error{"first try"};
                while (!token.stop_requested())
                  std::this_thread::yield();
              }).restart(restart_type::permanent);
  REQUIRE(x.spawn_background(std::move(work)));
  CHECK(events.wait_for("root/workers/shaky", transition::started, 2));
  CHECK(x.close().exit_code == 0);
  CHECK(runs == 2);
}

TEST_CASE("closing from inside a worker on a thread does not wait for it") {
  auto x = open();
  std::promise<shutdown_report> seen;
  REQUIRE(x.spawn_background(
    background::blocking("closer", [&](const std::stop_token&) {
      seen.set_value(x.close("from inside"));
    })));
  auto inside = seen.get_future().get();
  CHECK(inside.total < millis{2'000});
  CHECK(inside.exit_code == 0);
  CHECK(x.close() == inside);
}

TEST_CASE("closing from inside a coroutine does not wait for it") {
  auto x = open();
  std::promise<shutdown_report> seen;
  auto body = [&](task_context ctx) -> task {
    co_await ctx.yield();
    seen.set_value(x.close("from inside"));
  };
  REQUIRE(x.spawn_background(background::coroutine("closer", body)));
  auto inside = seen.get_future().get();
  CHECK(inside.total < millis{2'000});
  CHECK(x.close() == inside);
}

// -- supervision ---------------------------------------------------------------------

TEST_CASE_METHOD(scratch, "a shuttle that is killed comes back") {
  auto x = open_in(path);
  event_watch events{x};
  kill_incarnation(x, "root/shuttle");
  REQUIRE(events.wait_for("root/weavers", transition::started, 2));
  auto woven = x.weave("what is 3 * 3");
  REQUIRE(woven);
  CHECK(woven->response.find('9') != std::string::npos);
}

TEST_CASE_METHOD(scratch,
                 "a buffer that is killed comes back with its episodes") {
  auto x = open_in(path);
  REQUIRE(x.weave_and_reflect("what is 1 + 1", {.helpful = true}));
  event_watch events{x};
  kill_incarnation(x, "root/reflection");
  REQUIRE(events.wait_for("root/weavers", transition::started, 2));
  CHECK(x.reflection_metrics()->total_cycles == 1);
  REQUIRE(x.weave_and_reflect("what is 1 + 2", {.helpful = true}));
  CHECK(x.reflection_metrics()->total_cycles == 2);
}

TEST_CASE_METHOD(scratch, "a loom whose root gives up has failed") {
  auto x = open_in(path);
  REQUIRE(x.weave_and_reflect("what is 1 + 1", {.helpful = true}));
  event_watch events{x};
  for (auto incarnation = 2; incarnation <= 6; ++incarnation) {
    kill_incarnation(x, "root/shuttle");
    REQUIRE(events.wait_for("root/weavers", transition::ready, incarnation));
    CHECK(x.state() == loom_state::running);
  }
  kill_incarnation(x, "root/shuttle");
  REQUIRE(events.wait_for("root/shuttle", transition::escalated, 6));
  CHECK(x.state() == loom_state::failed);
  auto woven = x.weave("what is 1 + 2");
  REQUIRE(!woven);
  CHECK(code_of(woven.error()) == errc::closed);
  CHECK(explain(woven.error()).find("has failed") != std::string::npos);
  auto worker =
    x.spawn_background(background::coroutine("late", sleep_for_ever));
  REQUIRE(!worker);
  CHECK(code_of(worker.error()) == errc::closed);
  std::atomic<bool> hook_ran{false};
  CHECK(!x.at_shutdown(cascade_phase::stores, "mine", 1s,
                       [&] { hook_ran = true; }));
  auto report = x.close("its root gave up");
  CHECK(report.reason == "its root gave up");
  CHECK(report.total < millis{2'000});
  CHECK(report.abandoned.empty());
  CHECK(hook_ran);
  CHECK(x.state() == loom_state::closed);
  CHECK(code_of(x.weave("what is 1 + 2").error()) == errc::closed);
  CHECK(std::filesystem::exists(path / "last_shutdown.json"));
  // What was acknowledged is there.
  auto again = open_in(path);
  CHECK(again.reflection_metrics()->total_cycles == 1);
}

TEST_CASE("a loom whose root is killed has failed, and still closes") {
  auto x = open();
  exit_high(x.root(), caf::exit_reason::kill);
  // The loom publishes no event for the end of its root.
  auto deadline = std::chrono::steady_clock::now() + 10s;
  while (x.state() != loom_state::failed
         && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  CHECK(x.state() == loom_state::failed);
  CHECK(code_of(x.weave("what is 1 + 1").error()) == errc::closed);
  auto report = x.close();
  CHECK(report.total < millis{2'000});
  CHECK(!report.flush.acknowledged);
  CHECK(report.flush.error);
  // Children that ended because the root did need no force.
  CHECK(report.exit_code == (report.first_force_at ? 75 : 74));
}

TEST_CASE("the snapshot of the tree has every child") {
  auto x = open();
  REQUIRE(x.spawn_background(background::coroutine("idle", sleep_for_ever)));
  std::vector<std::string> paths;
  for (const auto& child : x.tree().children)
    paths.push_back(child.path);
  for (auto path :
       {"root", "root/reflection", "root/yarn", "root/shuttle", "root/weavers",
        "root/weavers/weaver-1", "root/workers", "root/workers/idle"}) {
    INFO(path);
    CHECK(std::find(paths.begin(), paths.end(), path) != paths.end());
  }
}
