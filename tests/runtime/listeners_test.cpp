#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <hololoom/runtime/loom.hpp>

#include <caf/event_based_actor.hpp>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <string>
#include <thread>
#include <vector>

// What the user's functions that listen to a loom may do to it: subscribers and
// shutdown hooks that block, close it, or throw.

using namespace hololoom;
using namespace std::chrono_literals;
using hololoom::test::scratch;

namespace {

config with_grace(millis grace) {
  auto cfg = config::fast();
  cfg.shutdown.grace = grace;
  return cfg;
}

loom open(config cfg = config::fast()) {
  auto result = loom::open(std::move(cfg));
  if (!result)
    throw std::runtime_error{explain(result.error())};
  return std::move(*result);
}

const shutdown_phase* line_of(const shutdown_report& report,
                              const std::string& name) {
  auto found = std::find_if(report.phases.begin(), report.phases.end(),
                            [&](const auto& x) { return x.name == name; });
  return found == report.phases.end() ? nullptr : &*found;
}

/// Something that a function waits for, which may outlive the test.
class gate {
public:
  ~gate() { open(); }
  void open() {
    if (!std::exchange(is_open_, true))
      promise_.set_value();
  }
  std::shared_future<void> opened() const { return opened_; }

private:
  std::promise<void> promise_;
  std::shared_future<void> opened_ = promise_.get_future().share();
  bool is_open_ = false;
};

background crashing_once(const std::shared_ptr<std::latch>& came_back) {
  auto first = std::make_shared<std::atomic<bool>>(true);
  auto result = background::blocking(
    "crashing", [came_back, first](const std::stop_token&) {
      if (first->exchange(false))
        throw 42;
      came_back->count_down();
    });
  return std::move(result).restart(restart_type::transient);
}

} // namespace

TEST_CASE("a subscriber that never returns stops neither a restart nor close, "
          "and is named") {
  gate until_the_end;
  auto x = open(with_grace(millis{200}));
  auto inside = std::make_shared<std::latch>(1);
  auto entered = std::make_shared<std::atomic<bool>>(false);
  auto id = x.subscribe([=, go = until_the_end.opened()](const auto&) {
    if (!entered->exchange(true))
      inside->count_down();
    go.wait();
  });
  auto came_back = std::make_shared<std::latch>(1);
  REQUIRE(x.spawn_background(crashing_once(came_back)));
  inside->wait();
  came_back->wait();
  REQUIRE(x.weave("what is 6 * 7"));
  auto report = x.close();
  auto name = "subscriber " + std::to_string(id);
  CHECK(report.abandoned == std::vector<std::string>{name});
  CHECK(report.exit_code == 75);
  CHECK(report.flush.acknowledged);
  CHECK(report.total < millis{1'000});
  const auto* line = line_of(report, name);
  REQUIRE(line);
  CHECK(line->error->find("does not return; events that it missed: ")
        != std::string::npos);
}

TEST_CASE("close waits for a subscriber that has events to go, and no function "
          "is called after it") {
  auto x = open();
  std::atomic<int> calls{0};
  std::atomic<bool> last{false};
  x.subscribe([&](const lifecycle_event& e) {
    std::this_thread::sleep_for(2ms);
    ++calls;
    last =
      last || (e.path == "root/reflection" && e.what == transition::stopped);
  });
  auto report = x.close();
  CHECK(report.exit_code == 0);
  CHECK(last);
  CHECK(calls > 0);
  for (const auto& phase : report.phases)
    CHECK_FALSE(phase.name.starts_with("subscriber"));
}

TEST_CASE("hurry skips the wait for a subscriber") {
  gate until_the_end;
  auto x = open(with_grace(millis{60'000}));
  auto entered = std::make_shared<std::atomic<bool>>(false);
  x.subscribe([=, go = until_the_end.opened()](const auto&) {
    *entered = true;
    go.wait();
  });
  auto report = x.close_async();
  while (!*entered)
    std::this_thread::yield();
  x.hurry();
  REQUIRE(report.wait_for(10s) == std::future_status::ready);
  CHECK(report.get().abandoned.size() == 1);
}

TEST_CASE("a subscriber may close the loom") {
  std::promise<shutdown_report> closed;
  auto x = open();
  auto first = std::make_shared<std::atomic<bool>>(true);
  x.subscribe([&, first](const auto&) {
    if (first->exchange(false))
      closed.set_value(x.close("a subscriber"));
  });
  auto came_back = std::make_shared<std::latch>(1);
  REQUIRE(x.spawn_background(crashing_once(came_back)));
  auto report = closed.get_future().get();
  CHECK(report.reason == "a subscriber");
  CHECK(report.exit_code == 0);
  CHECK(report.total < millis{2'000});
}

TEST_CASE("a subscriber may start another worker when one has ended") {
  struct answers {
    caf::expected<child_started> second{caf::error{}};
    caf::error end = failure(errc::timed_out, "not called");
    caf::error stopped = failure(errc::timed_out, "not called");
    caf::expected<caf::actor> found{caf::error{}};
    caf::expected<spacetime> woven{caf::error{}};
  };
  std::promise<answers> given;
  auto x = open();
  auto does_nothing = [](task_context) -> task {
    co_return;
  };
  auto use_the_loom = [&](const lifecycle_event&) {
    answers result;
    result.second =
      x.spawn_background(background::coroutine("second", does_nothing));
    result.end = x.wait_background("second");
    auto third = x.spawn_background(
      background::blocking("third", [](const std::stop_token& stop) {
        while (!stop.stop_requested())
          std::this_thread::yield();
      }));
    result.found = x.find("third");
    result.stopped = third ? x.stop_background("third") : third.error();
    result.woven = x.weave("what is 6 * 7");
    given.set_value(std::move(result));
  };
  x.subscribe(use_the_loom,
              {.only = {transition::exited}, .below = "root/workers/first"});
  REQUIRE(x.spawn_background(background::coroutine("first", does_nothing)));
  auto result = given.get_future();
  REQUIRE(result.wait_for(20s) == std::future_status::ready);
  auto got = result.get();
  CHECK(got.second);
  CHECK(!got.end);
  CHECK(got.found);
  CHECK(!got.stopped);
  REQUIRE(got.woven);
  CHECK(got.woven->response.find("42") != std::string::npos);
  CHECK(x.close().exit_code == 0);
}

TEST_CASE("a subscriber is called on one thread, which is its own") {
  auto x = open();
  std::vector<std::thread::id> called_on;
  std::vector<std::thread::id> other_called_on;
  // What they fill is read when the loom, and so the threads, have ended.
  x.subscribe([&](const lifecycle_event&) {
    called_on.push_back(std::this_thread::get_id());
  });
  x.subscribe([&](const lifecycle_event&) {
    other_called_on.push_back(std::this_thread::get_id());
  });
  auto came_back = std::make_shared<std::latch>(1);
  REQUIRE(x.spawn_background(crashing_once(came_back)));
  came_back->wait();
  CHECK(x.close().exit_code == 0);
  REQUIRE(called_on.size() > 5);
  REQUIRE(other_called_on.size() > 5);
  for (const auto& list : {called_on, other_called_on})
    CHECK(std::count(list.begin(), list.end(), list.front())
          == static_cast<std::ptrdiff_t>(list.size()));
  CHECK(called_on.front() != other_called_on.front());
  CHECK(called_on.front() != std::this_thread::get_id());
}

TEST_CASE("a factory that would wait is told to use the async form") {
  auto x = open();
  std::vector<caf::error> told;
  auto ask_back = [&](caf::actor_system& system) {
    auto work = background::blocking("y", [](const std::stop_token&) {});
    told = {x.spawn_background(work).error(), x.stop_background("y"),
            x.kill_background("y"), x.restart_background("y").error(),
            x.wait_background("y")};
    return system.spawn([](caf::event_based_actor*) -> caf::behavior {
      return {[] {
      }};
    });
  };
  REQUIRE(x.spawn_background(background::actor("x", ask_back)));
  REQUIRE(told.size() == 5);
  for (const auto& why : told) {
    CHECK(is(why, errc::unavailable));
    CHECK(explain(why).find("_async") != std::string::npos);
  }
  CHECK(x.close().exit_code == 0);
}

TEST_CASE("a subscriber gets the events that it wants") {
  auto x = open();
  std::mutex guard;
  std::vector<std::string> heard;
  x.subscribe(
    [&](const lifecycle_event& e) {
      std::lock_guard lock{guard};
      heard.push_back(e.path + " " + std::string{name_of(e.what)});
    },
    {.only = {transition::exited, transition::restarting},
     .below = "root/workers/crashing"});
  auto came_back = std::make_shared<std::latch>(1);
  REQUIRE(x.spawn_background(background::coroutine(
    "crashing-too", [](task_context) -> task { co_return; })));
  CHECK(!x.wait_background("crashing-too"));
  REQUIRE(x.spawn_background(crashing_once(came_back)));
  CHECK(!x.wait_background("crashing"));
  x.close();
  CHECK(heard
        == std::vector<std::string>{"root/workers/crashing exited",
                                    "root/workers/crashing restarting",
                                    "root/workers/crashing exited"});
}

TEST_CASE("a program hears of the opening, too") {
  std::vector<std::string> started;
  loom_extras extras;
  extras.on_event = [&](const lifecycle_event& e) {
    if (e.what == transition::started)
      started.push_back(e.path);
  };
  SECTION("that succeeds") {
    auto x = loom::open(config::fast(), extras);
    REQUIRE(x);
    x->close();
    REQUIRE(started.size() >= 4);
    CHECK(started[0] == "root/reflection");
    CHECK(started[1] == "root/yarn");
    CHECK(started[2] == "root/shuttle");
  }
  SECTION("that fails") {
    auto cfg = config::fast();
    scratch folder;
    cfg.data_dir = folder.path.string();
    REQUIRE(loom::open(cfg));
    std::ofstream{folder.path / "journal.db"} << "no database at all";
    REQUIRE(!loom::open(cfg, extras));
    CHECK(started == std::vector<std::string>{"root/reflection"});
  }
}

TEST_CASE_METHOD(scratch, "a log that takes nothing is in the report, and the "
                          "loom works without it") {
  auto cfg = config::fast();
  cfg.log = {"info", "/dev/full"};
  cfg.data_dir = path.string();
  auto x = open(cfg);
  REQUIRE(x.weave("what is 6 * 7"));
  auto report = x.close();
  CHECK(report.exit_code == 0);
  REQUIRE(line_of(report, "log"));
  auto text = *line_of(report, "log")->error;
  CHECK(text.starts_with("lines that were lost: "));
  CHECK(text.find("No space left on device") != std::string::npos);
  // The file of the report says the same.
  std::ifstream in{path / "last_shutdown.json"};
  std::string kept{std::istreambuf_iterator<char>{in}, {}};
  CHECK(kept.find("lines that were lost: ") != std::string::npos);
}

TEST_CASE_METHOD(scratch,
                 "an end by an error is a warning in the log, whatever "
                 "the restart type") {
  auto cfg = config::fast();
  cfg.log = {"warn", (path / "log").string()};
  auto x = open(cfg);
  for (auto restart : {restart_type::permanent, restart_type::transient,
                       restart_type::temporary}) {
    std::string name{name_of(restart)};
    auto work = background::blocking(name, [name](const std::stop_token&) {
      throw std::runtime_error{"no " + name};
    });
    work.restart(restart).give_up_after(0, 1s);
    REQUIRE(x.spawn_background(std::move(work)));
    CHECK(is(x.wait_background(name), errc::crashed));
  }
  REQUIRE(
    x.spawn_background(background::blocking("done", [](std::stop_token) {})));
  CHECK(!x.wait_background("done"));
  CHECK(x.close().exit_code == 0);
  std::ifstream in{path / "log"};
  std::string log{std::istreambuf_iterator<char>{in}, {}};
  for (std::string name : {"permanent", "transient", "temporary"})
    CHECK(log.find("warning root/workers/" + name
                   + " exited (incarnation 1): the blocking function threw: no "
                   + name)
          != std::string::npos);
  CHECK(log.find("root/workers/done") == std::string::npos);
  // Only what would have been restarted is given up.
  for (std::string name : {"permanent", "transient"})
    CHECK(log.find("warning root/workers/" + name + " gave_up (incarnation 1)")
          != std::string::npos);
  CHECK(log.find("root/workers/temporary gave_up") == std::string::npos);
}
