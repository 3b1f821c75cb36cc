#include "supervision/support.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/supervision/cascade.hpp>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

// A cascade over so many children that the force cannot wait for all of them.

using namespace hololoom;
using namespace hololoom::test;

namespace {

/// Shows what it handles, and takes exits as CAF's actors do.
struct idle_state {
  explicit idle_state(caf::event_based_actor*) {}
  caf::behavior make_behavior() {
    return {[](int) {
    }};
  }
};

/// An actor system whose threads never get to anything, until it is told to.
struct guest_system {
  virtual_config config;
  caf::actor_system guests{config};
};

class crowd_fixture : private guest_system, public supervision_fixture {
public:
  ~crowd_fixture() override { virtual_scheduler_of(guests).run(); }

  /// A child that has no turn.
  child_spec without_turn(std::string name) {
    child_spec spec;
    spec.name = std::move(name);
    spec.start = [this](const start_context&) {
      return start_result::started(spawn_state<idle_state, caf::actor>(guests));
    };
    return spec;
  }

  /// A child with a thread that a kill does not end.
  child_spec thread(std::string name, std::shared_ptr<thread_like> probe) {
    child_spec spec;
    spec.name = std::move(name);
    spec.kind = "blocking";
    spec.start = [this, probe](const start_context& ctx) {
      return start_result::started(make(ctx, manners::ignores), probe);
    };
    return spec;
  }

  static supervisor_options at_once(std::string name) {
    supervisor_options options;
    options.name = std::move(name);
    options.stop_order = stop_order::parallel;
    return options;
  }

  pending_answer<shutdown_report> close(std::vector<child_spec> children) {
    cascade_plan plan;
    plan.root = supervise(at_once("root"), std::move(children));
    plan.names = names;
    auto cascade = track(spawn_cascade(system, std::move(plan), false));
    return begin_ask<shutdown_report>(cascade, begin_cascade{"test", "me"});
  }

  /// "name:fate", of the children whose names begin with `prefix`.
  static strings fates(const shutdown_report& report,
                       const std::string& prefix) {
    strings result;
    for (const auto& x : report.children)
      if (x.name.starts_with(prefix))
        result.push_back(x.name + ":" + std::string{name_of(x.how)});
    return result;
  }

  static std::ptrdiff_t count(const shutdown_report& report,
                              std::string_view fate) {
    return std::count_if(report.children.begin(), report.children.end(),
                         [&](const auto& x) { return name_of(x.how) == fate; });
  }

  static double phase(const shutdown_report& report, std::string_view name) {
    for (const auto& x : report.phases)
      if (x.name == name)
        return x.took.count();
    return -1;
  }
};

} // namespace

TEST_CASE_METHOD(crowd_fixture,
                 "a force over very many that go on ending is cut at its "
                 "limit") {
  constexpr auto many = 3'000;
  std::deque<std::shared_ptr<thread_like>> probes;
  std::vector<child_spec> children;
  for (auto i = 0; i < many; ++i) {
    probes.push_back(std::make_shared<thread_like>());
    children.push_back(thread("t" + std::to_string(i), probes.back()));
  }
  auto report = close(std::move(children));
  advance(5s);
  // One ends each millisecond.
  for (auto ms = 0; ms < 1'000; ++ms) {
    probes[static_cast<std::size_t>(ms)]->running = false;
    advance(1ms);
  }
  REQUIRE(report.ready());
  CHECK(phase(*report.get(), "force") >= 800);
  CHECK(phase(*report.get(), "force") <= 1'000);
  CHECK(report.get()->exit_code == 75);
  CHECK(fates(*report.get(), "root/t0") == strings{"root/t0:killed"});
  CHECK(report.get()->abandoned.size() == 1'001);
}

TEST_CASE_METHOD(crowd_fixture,
                 "children that had no turn are told apart from one that is "
                 "stuck") {
  constexpr auto many = 2'500;
  std::vector<child_spec> children;
  for (auto i = 0; i < many; ++i)
    children.push_back(without_turn("w" + std::to_string(i)));
  children.push_back(thread("stuck", std::make_shared<thread_like>()));
  children.push_back(worker("good"));
  auto nested = GENERATE(true, false);
  INFO(nested);
  if (nested)
    children = {supervisor_child(at_once("pool"), std::move(children))};
  auto report = close(std::move(children));
  advance(6s);
  REQUIRE(report.ready());
  const auto x = *report.get();
  auto path = std::string{nested ? "root/pool/" : "root/"};
  CHECK(x.total <= millis{6'000});
  CHECK(count(x, "no_turn") == 1'001);
  CHECK(fates(x, "1500 more actor children")
        == strings{"1500 more actor children:no_turn"});
  CHECK(fates(x, path + "stuck") == strings{path + "stuck:abandoned"});
  CHECK(fates(x, path + "good") == strings{path + "good:shutdown"});
  if (nested)
    CHECK(fates(x, "root/pool:").empty());
  CHECK(count(x, "abandoned") == 1);
  CHECK(std::find(x.abandoned.begin(), x.abandoned.end(), path + "stuck")
        != x.abandoned.end());
  CHECK(x.abandoned.back() == "1500 more actor children that had no turn yet");
  CHECK(std::find(x.abandoned.begin(), x.abandoned.end(), "root")
        == x.abandoned.end());
  CHECK(x.exit_code == 75);
}

TEST_CASE_METHOD(crowd_fixture,
                 "a child that is killed before it was asked has not crashed") {
  names->ledger().keep_ends();
  auto sup = supervise({}, {worker("a"), worker("b", manners::ignores)});
  begin_ask<drained>(sup, drain_request{{}, now() + 5s});
  exit_high(log->current["a"], caf::exit_reason::kill);
  run();
  auto ends = names->ledger().ends();
  REQUIRE(ends.size() == 1);
  CHECK(ends[0].name == "root/a");
  CHECK(ends[0].how == ended::killed);
}
