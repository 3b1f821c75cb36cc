#include "support.hpp"
#include "support/catch.hpp"

#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <latch>

// What only shows when there are very many children.

using namespace hololoom;
using namespace hololoom::test;

namespace {

supervisor_options at_once() {
  supervisor_options options;
  options.stop_order = stop_order::parallel;
  return options;
}

struct two_threads : caf::actor_system_config {
  two_threads() {
    register_types(*this);
    set("scheduler.max-threads", 2);
  }
};

caf::behavior idle(caf::event_based_actor*) {
  return {[](int x) {
    return x;
  }};
}

} // namespace

TEST_CASE(
  "very many children start while all of the pool's threads are stuck") {
  two_threads config;
  caf::actor_system system{config};
  std::latch stuck{2};
  std::latch over{1};
  for (auto i = 0; i < 2; ++i)
    system.spawn([&](caf::event_based_actor*) {
      stuck.count_down();
      over.wait();
    });
  stuck.wait();
  supervisor_options options;
  options.detached = true;
  std::vector<child_spec> children;
  for (auto i = 0; i < 2000; ++i) {
    auto& spec = children.emplace_back();
    spec.name = "w" + std::to_string(i);
    spec.start = [](const start_context& ctx) {
      return start_result::started(ctx.system->spawn(idle));
    };
  }
  {
    caf::scoped_actor self{system};
    auto sup = *spawn_supervisor(system, options, std::move(children));
    std::string outcome;
    self->request(sup, 10s, await_running{})
      .receive([&](acknowledged) { outcome = "runs"; },
               [&](const caf::error& e) { outcome = explain(e); });
    CHECK(outcome == "runs");
    over.count_down();
    exit_high(sup, caf::exit_reason::user_shutdown);
    self->wait_for(sup);
  }
}

TEST_CASE_METHOD(supervision_fixture,
                 "very many children start and stop while no time passes") {
  std::vector<child_spec> children;
  for (auto i = 0; i < 2000; ++i)
    children.push_back(worker("w" + std::to_string(i)));
  auto sup = supervise(at_once(), std::move(children));
  CHECK(log->starts.size() == 2000);
  auto reason = watch(sup);
  stop(sup);
  CHECK(*reason == "shutdown");
  CHECK(log->exits.size() == 2000);
  CHECK(std::all_of(log->exits.begin(), log->exits.end(),
                    [](auto& x) { return x.ends_with(":shutdown"); }));
}

TEST_CASE_METHOD(supervision_fixture,
                 "those who are slow to end hold the exits of others up by "
                 "milliseconds") {
  // Children are stopped from the last to the first: those that ignore it
  // fill the window again and again before the others are told.
  constexpr auto stubborn = 1000;
  std::vector<child_spec> children;
  for (auto i = 0; i < 500; ++i)
    children.push_back(worker("w" + std::to_string(i)));
  for (auto i = 0; i < stubborn; ++i)
    children.push_back(worker("s" + std::to_string(i), manners::ignores));
  auto sup = supervise(at_once(), std::move(children));
  auto reason = watch(sup);
  stop(sup);
  CHECK(log->exits.empty());
  auto waited = 0;
  for (; log->exits.size() < 500 && waited < 100; ++waited)
    advance(1ms);
  CHECK(log->exits.size() == 500);
  CHECK(waited <= 7);
  // Each limit counts from when it was decided, not from when it was sent.
  advance(std::chrono::milliseconds{4999 - waited});
  CHECK(log->exits.size() == 500);
  CHECK(reason->empty());
  for (waited = 0; reason->empty() && waited < 100; ++waited)
    advance(1ms);
  CHECK(waited <= 10);
  CHECK(*reason == "shutdown");
  CHECK(log->exits.size() == 500 + stubborn);
}

TEST_CASE_METHOD(supervision_fixture,
                 "those who are slow to end hold no kill up at all") {
  std::vector<child_spec> children;
  for (auto i = 0; i < 500; ++i) {
    children.push_back(worker("k" + std::to_string(i), manners::ignores));
    children.back().shutdown = shutdown_policy::brutal_kill();
  }
  for (auto i = 0; i < 500; ++i)
    children.push_back(worker("s" + std::to_string(i), manners::ignores));
  auto sup = supervise(at_once(), std::move(children));
  stop(sup);
  CHECK(log->exits.size() == 500);
  CHECK(std::all_of(log->exits.begin(), log->exits.end(), [](auto& x) {
    return x.starts_with("k") && x.ends_with(":killed");
  }));
}
