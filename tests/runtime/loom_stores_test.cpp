#include "runtime/looms.hpp"
#include "storage/faults.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <hololoom/messages/caf/memory_ids.hpp>
#include <hololoom/messages/caf/reflection_ids.hpp>
#include <hololoom/messages/caf/shuttle_ids.hpp>
#include <hololoom/runtime/loom.hpp>

#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <memory>
#include <string>

// The last phase of a close, when the stores do not do as they should.

using namespace hololoom;
using namespace std::chrono_literals;
using namespace hololoom::test;

TEST_CASE_METHOD(scratch, "a store that hangs while it closes is abandoned in "
                          "time, and nothing acknowledged is lost") {
  auto disk = std::make_shared<moody_disk>();
  auto cfg = config_in(path);
  cfg.shutdown.store_limit = 300ms;
  {
    auto opened = loom::open(cfg, {.disk = disk});
    REQUIRE(opened);
    auto& loom = *opened;
    auto woven = loom.weave("what is 6 * 7");
    REQUIRE(woven);
    REQUIRE(loom.reflect(*woven, {.helpful = true}));
    // After the flush, and before any store is told to close.
    REQUIRE(!loom.at_shutdown(cascade_phase::force, "pull the plug", 1s,
                              [disk] { disk->hang(true); }));
    auto report = loom.close();
    disk->hang(false);
    CHECK(report.flush.acknowledged);
    CHECK(report.exit_code == 75);
    CHECK(report.abandoned == std::vector<std::string>{"root/reflection"});
    auto phase = std::find_if(report.phases.begin(), report.phases.end(),
                              [](const auto& x) { return x.name == "stores"; });
    REQUIRE(phase != report.phases.end());
    CHECK(phase->took >= millis{300});
    CHECK(phase->took < millis{3'000});
    // The other store had its turn all the same.
    auto yarn =
      std::find_if(report.children.begin(), report.children.end(),
                   [](const auto& x) { return x.name == "root/yarn"; });
    REQUIRE(yarn != report.children.end());
    CHECK(yarn->how == ended::shutdown);
  }
  // Its thread is on its way out, and has the directory until then.
  auto again = loom::open(cfg);
  for (auto end = std::chrono::steady_clock::now() + 20s;
       !again && std::chrono::steady_clock::now() < end;) {
    CHECK(is(again.error(), errc::data_dir_locked));
    again = loom::open(cfg);
  }
  REQUIRE(again);
  CHECK(again->reflection_metrics()->total_cycles == 1);
}

TEST_CASE_METHOD(scratch, "weaves that arrive after the flush are refused, and "
                          "the report counts them") {
  auto opened = loom::open(config_in(path));
  REQUIRE(opened);
  auto& loom = *opened;
  auto woven = loom.weave("what is 6 * 7");
  REQUIRE(woven);
  auto refused = 0;
  REQUIRE(!loom.at_shutdown(cascade_phase::force, "late", 10s,
                            [&, buffer = loom.reflection(), woven = *woven] {
                              caf::scoped_actor self{buffer->home_system()};
                              reflect_request request;
                              request.woven = woven;
                              for (auto i = 0; i < 3; ++i)
                                self->request(buffer, 5s, request)
                                  .receive([](const reflect_ack&) {},
                                           [&](const caf::error& e) {
                                             refused +=
                                               code_of(e) == errc::sealed ? 1
                                                                          : 0;
                                           });
                            }));
  auto report = loom.close();
  CHECK(refused == 3);
  CHECK(report.late_stores == 3);
  CHECK(report.flush.acknowledged);
  CHECK(report.exit_code == 0);
}
