#include "support.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/supervision/cascade.hpp>

#include <memory>

// Functions and probes of the user's that throw, and not even a std::exception.

using namespace hololoom;
using namespace hololoom::test;

namespace {

/// Throws whatever it is asked.
struct rude_probe : child_probe {
  std::optional<work_note> doing() const override { throw 42; }
  bool can_be_killed() const override { throw 42; }
  bool awaits_drain() const override { throw 42; }
  void force() override {
    ++forces;
    throw 42;
  }
  int forces = 0;
};

} // namespace

TEST_CASE_METHOD(supervision_fixture,
                 "a probe that throws reaches neither its supervisor nor who "
                 "looks at the tree") {
  auto probe = std::make_shared<rude_probe>();
  auto spec = worker("a");
  spec.stuck = {.limit = 100ms};
  spec.start = [this, probe](const start_context& ctx) {
    return start_result::started(make(ctx, manners::ignores), probe);
  };
  auto sup = supervise({}, {spec});
  // Twice: the first look must not leave anything locked.
  for (auto i = 0; i < 2; ++i)
    CHECK(names->snapshot("root").children.size() == 2);
  advance(1s);
  CHECK(states(sup) == "a:running");
  cascade_plan plan;
  plan.root = sup;
  plan.names = names;
  auto cascade = track(spawn_cascade(system, std::move(plan), false));
  auto report =
    begin_ask<shutdown_report>(cascade, begin_cascade{"test", "me"});
  advance(5s);
  REQUIRE(report.ready());
  REQUIRE(report.get()->children.size() == 1);
  CHECK(report.get()->children[0].name == "root/a");
  CHECK(report.get()->children[0].how == ended::killed);
  CHECK(report.get()->abandoned.empty());
  CHECK(probe->forces == 1);
}

TEST_CASE_METHOD(supervision_fixture,
                 "a factory that throws anything is a failed start") {
  auto sup = supervise({}, {worker("a")});
  auto spec = worker("rude");
  spec.start = [](const start_context&) -> start_result {
    throw 42;
  };
  CHECK(start_error(sup, spec) == errc::start_failed);
  CHECK(states(sup) == "a:running");
}
