#include "runtime/looms.hpp"
#include "support/catch.hpp"

#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/memory_ids.hpp>
#include <hololoom/messages/caf/reflection_ids.hpp>
#include <hololoom/messages/caf/shuttle_ids.hpp>
#include <hololoom/runtime/loom.hpp>

#include <stdexcept>
#include <string>

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
  REQUIRE(!x.spawn_background(steady()));
  SECTION("the shuttle") {
    exit_high(x.shuttle(), caf::exit_reason::kill);
  }
  SECTION("the yarn graph") {
    exit_high(x.yarn(), caf::exit_reason::kill);
  }
  SECTION("the buffer") {
    exit_high(x.reflection(), caf::exit_reason::kill);
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
  REQUIRE(!x.spawn_background(steady("a")));
  REQUIRE(!x.spawn_background(steady("b").restart(restart_type::transient)));
  REQUIRE(!x.spawn_background(steady("c").restart(restart_type::temporary)));
  REQUIRE(!x.spawn_background(steady("stopped")));
  REQUIRE(!x.stop_background("stopped"));
  auto done = background::coroutine("done", [](task_context) -> task {
                co_return;
              }).restart(restart_type::transient);
  REQUIRE(!x.spawn_background(std::move(done)));
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
  REQUIRE(!x.spawn_background(steady()));
  auto storm = [] {
    return background::blocking(
             "storm", [](std::stop_token) { throw std::runtime_error{"boom"}; })
      .restart(restart_type::permanent);
  };
  REQUIRE(!x.spawn_background(storm()));
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
  REQUIRE(!x.spawn_background(storm().give_up_after(1, 1min)));
}

TEST_CASE("a name is free when its worker was stopped, given up or done") {
  auto x = open();
  event_watch events{x};
  for (auto i = 0; i < 3; ++i) {
    REQUIRE(!x.spawn_background(steady()));
    REQUIRE(!x.stop_background("steady"));
    CHECK(!status_of(x, "root/workers/steady"));
  }
  auto once = background::coroutine("once", [](task_context) -> task {
                co_return;
              }).restart(restart_type::transient);
  for (auto i = 0; i < 3; ++i) {
    REQUIRE(!x.spawn_background(once));
    REQUIRE(events.wait_for("root/workers/once", transition::exited, 0, i + 1));
  }
}
