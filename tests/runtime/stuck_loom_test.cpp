#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <hololoom/runtime/loom.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace hololoom;
using namespace std::chrono_literals;
using hololoom::test::scratch;

namespace {

constexpr int threads = 2;

/// Actors that take all threads of the scheduler, each in a handler that does
/// not return until the test is over.
class stuck_actors {
public:
  explicit stuck_actors(loom& x) {
    for (auto i = 1; i <= threads; ++i)
      std::ignore = x.spawn_background(background::actor(
        "stuck-" + std::to_string(i),
        [stuck = stuck_, over = over_](caf::actor_system& system) {
          auto result =
            system.spawn([=](caf::event_based_actor*) -> caf::behavior {
              return {[=](int) {
                stuck->count_down();
                over.wait();
              }};
            });
          caf::anon_send(result, 1);
          return result;
        }));
    stuck_->wait();
  }

  ~stuck_actors() { end_.set_value(); }

private:
  std::promise<void> end_;
  std::shared_future<void> over_ = end_.get_future().share();
  std::shared_ptr<std::latch> stuck_ = std::make_shared<std::latch>(threads);
};

} // namespace

TEST_CASE_METHOD(scratch, "a loom serves, flushes and closes while none of the "
                          "scheduler's threads is free") {
  auto cfg = config::fast();
  cfg.data_dir = path.string();
  cfg.threads = threads;
  cfg.shutdown.grace = millis{100};
  auto opened = loom::open(cfg);
  REQUIRE(opened);
  auto& loom = *opened;
  stuck_actors stuck{loom};
  auto woven = loom.weave("what is 6 * 7");
  REQUIRE(woven);
  CHECK(woven->response == "6 * 7 = 42");
  REQUIRE(loom.reflect(*woven, {.helpful = true}));
  auto report = loom.close();
  CHECK(report.flush.acknowledged);
  CHECK_FALSE(report.flush.error);
  CHECK(report.exit_code == 75);
  for (const auto* name : {"root/workers/stuck-1", "root/workers/stuck-2"})
    CHECK(std::count(report.abandoned.begin(), report.abandoned.end(), name)
          == 1);
  // The cascade waited for none but the stuck ones.
  for (const auto* name : {"root/reflection", "root/yarn", "root/shuttle"}) {
    auto child = std::find_if(report.children.begin(), report.children.end(),
                              [&](const auto& x) { return x.name == name; });
    REQUIRE(child != report.children.end());
    CHECK(child->how == ended::shutdown);
  }
}

TEST_CASE("a thread whose worker was replaced is named") {
  auto opened = loom::open(config::fast());
  REQUIRE(opened);
  auto& loom = *opened;
  std::promise<void> end;
  auto over = end.get_future().share();
  std::promise<void> replaced;
  std::atomic<bool> was_replaced = false;
  auto first = std::make_shared<std::atomic<bool>>(true);
  loom.subscribe([&](const lifecycle_event& x) {
    if (x.what == transition::abandoned && !was_replaced.exchange(true))
      replaced.set_value();
  });
  REQUIRE(loom.spawn_background(
    background::blocking("hangs", [first, over](const std::stop_token& stop) {
      if (first->exchange(false))
        return over.wait();
      while (!stop.stop_requested())
        std::this_thread::sleep_for(1ms);
    }).stuck({.limit = 20ms, .replace = true})));
  REQUIRE(replaced.get_future().wait_for(10s) == std::future_status::ready);
  auto report = loom.close();
  CHECK(report.exit_code == 75);
  CHECK(report.abandoned == std::vector<std::string>{"root/workers/hangs~1"});
  end.set_value();
}
