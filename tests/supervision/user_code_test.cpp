#include "support.hpp"
#include "support/catch.hpp"

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
  auto drained = ask<drain_report>(sup, drain_request{{}, now()});
  REQUIRE(drained);
  REQUIRE(drained->survivors.size() == 1);
  CHECK(drained->survivors[0].name == "root/a");
  auto forced = ask<force_report>(sup, force_request{true});
  REQUIRE(forced);
  REQUIRE(forced->outcomes.size() == 1);
  CHECK(forced->outcomes[0].name == "root/a");
  CHECK(forced->outcomes[0].how == ended::killed);
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
