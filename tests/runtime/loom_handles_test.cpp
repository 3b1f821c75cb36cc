#include "runtime/looms.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/supervision/ask.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/caf/memory_ids.hpp>
#include <hololoom/messages/caf/reflection_ids.hpp>
#include <hololoom/messages/caf/shuttle_ids.hpp>
#include <hololoom/runtime/loom.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <future>
#include <memory>
#include <string>
#include <utility>

// Handles that stay good, whatever becomes of the actors behind them.

namespace {

struct who_are_you {};
struct crash_now {};

} // namespace

HOLOLOOM_LOCAL_MESSAGE(2100, who_are_you)
HOLOLOOM_LOCAL_MESSAGE(2101, crash_now)

using namespace hololoom;
using namespace std::chrono_literals;
using namespace hololoom::test;

namespace {

/// Answers with its id.
background counter(const std::string& name = "counter") {
  return background::actor(
           name,
           [](caf::actor_system& system) {
             return system.spawn(
               [](caf::event_based_actor* self) -> caf::behavior {
                 return {[self](who_are_you) { return self->id(); },
                         [self](crash_now) {
                           self->quit(caf::exit_reason::kill);
                         }};
               });
           })
    .restart(restart_type::permanent);
}

/// @returns the id of the actor behind `x`, or 0 with the error.
std::pair<caf::actor_id, caf::error> id_behind(const loom& in,
                                               const caf::actor& x) {
  std::pair<caf::actor_id, caf::error> result;
  caf::scoped_actor self{in.system()};
  self->request(x, 10s, who_are_you{})
    .receive([&](caf::actor_id id) { result.first = id; },
             [&](caf::error& err) { result.second = std::move(err); });
  return result;
}

} // namespace

TEST_CASE("a handle that was found stays good over a restart") {
  auto x = open();
  event_watch events{x};
  REQUIRE(x.spawn_background(counter()));
  auto found = x.find("counter");
  REQUIRE(found);
  auto [first, err] = id_behind(x, *found);
  CHECK(!err);
  SECTION("of the worker") {
    caf::scoped_actor {
      x.system()
      } -> send(*found, crash_now{});
    REQUIRE(events.wait_for("root/workers/counter", transition::started, 2));
  }
  SECTION("of the worker, by an exit message to the handle") {
    exit_high(*found, caf::exit_reason::user_shutdown);
    REQUIRE(events.wait_for("root/workers/counter", transition::started, 2));
  }
  SECTION("of its supervisor") {
    kill_incarnation(x, "root/workers");
    REQUIRE(events.wait_for("root/workers", transition::ready, 2));
  }
  auto [second, after] = id_behind(x, *found);
  CHECK(!after);
  CHECK(second != 0);
  CHECK(second != first);
  CHECK(x.find("root/workers/counter") == found);
}

TEST_CASE("a handle answers that its child does not run") {
  auto x = open();
  REQUIRE(x.spawn_background(
    counter().backoff({.min = 1h, .max = 1h}).give_up_after(1, 2h)));
  auto found = x.find("counter");
  REQUIRE(found);
  event_watch events{x};
  kill_incarnation(x, "root/workers/counter");
  REQUIRE(events.wait_for("root/workers/counter", transition::restarting));
  auto [id, why] = id_behind(x, *found);
  CHECK(is(why, errc::unavailable));
  CHECK(explain(why)
        == "root/workers/counter does not run at the moment; try again later");
}

TEST_CASE("the loom's own parts have handles that are never null") {
  auto x = open();
  auto shuttle = x.shuttle();
  auto yarn = x.yarn();
  auto reflection = x.reflection();
  event_watch events{x};
  kill_incarnation(x, GENERATE(as<std::string>{}, "root/shuttle", "root/yarn",
                               "root/reflection"));
  CHECK(x.shuttle() == shuttle);
  CHECK(x.yarn() == yarn);
  CHECK(x.reflection() == reflection);
  REQUIRE(events.wait_for("root/weavers", transition::ready, 2));
  CHECK(ask_and_wait(x.system(), yarn, 10s, yarn_status_query{}));
  CHECK(ask_and_wait(x.system(), reflection, 10s, metrics_query{}));
  caf::scoped_actor self{x.system()};
  auto answered = false;
  self->request(shuttle, 10s, weave_request{{"what is 2 * 3", {}}, {}, {}})
    .receive(
      [&](const spacetime& woven) { answered = !woven.response.empty(); },
      [&](const caf::error& err) { FAIL(explain(err)); });
  CHECK(answered);
  CHECK(x.find<shuttle_actor>("shuttle") == shuttle);
  CHECK(x.find<yarn_actor>("root/yarn") == yarn);
  CHECK(x.find<reflection_actor>("reflection") == reflection);
}

TEST_CASE("what is not there is not found") {
  auto x = open();
  CHECK(is(x.find("nobody").error(), errc::not_found));
  CHECK(is(x.find("root/workers/nobody").error(), errc::not_found));
  REQUIRE(x.spawn_background(counter("shuttle")));
  // A worker's name comes before that of a part.
  CHECK(x.find("shuttle") == x.find("root/workers/shuttle"));
}

TEST_CASE("a task finds a worker") {
  auto x = open();
  REQUIRE(x.spawn_background(counter()));
  std::promise<caf::expected<caf::actor_id>> answer;
  REQUIRE(x.spawn_background(
    background::coroutine("asking", [&](task_context ctx) -> task {
      auto nobody = ctx.find("nobody");
      CHECK(is(nobody.error(), errc::not_found));
      auto found = ctx.find("counter");
      if (!found)
        co_return answer.set_value(found.error());
      answer.set_value(
        co_await ctx.request<caf::actor_id>(*found, 10s, who_are_you{}));
    })));
  auto id = answer.get_future().get();
  REQUIRE(id);
  CHECK(*id == x.names()->find("root/workers/counter")->id());
}

TEST_CASE("a handle that outlives its loom hurts nobody") {
  caf::actor kept;
  std::shared_ptr<const directory> names;
  {
    auto x = open();
    REQUIRE(x.spawn_background(counter()));
    kept = x.find("counter").value();
    names = x.names();
    CHECK(x.close().exit_code == 0);
    CHECK(!x.shuttle());
    CHECK(is(x.find("shuttle").error(), errc::not_found));
    kept = nullptr;
  }
  CHECK(!names->find("root/workers/counter"));
}
