#include "support.hpp"
#include "support/catch.hpp"

#include <hololoom/messages/caf/actor_system.hpp>

#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <atomic>
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
    set_threads(*this, 2);
  }
};

/// Ends a while after it was asked to.
struct slow_to_end {
  slow_to_end(caf::event_based_actor* me, caf::timespan wait)
    : self(me), takes(wait) {}

  caf::behavior make_behavior() {
    self->set_exit_handler([this](const caf::exit_msg&) {
      self->delayed_send(self, takes, caf::ok_atom{});
    });
    return {[this](caf::ok_atom) {
      self->quit(caf::exit_reason::user_shutdown);
    }};
  }

  caf::event_based_actor* self;
  caf::timespan takes;
};

class slow_fixture : public supervision_fixture {
public:
  child_spec slow(std::string name, caf::timespan takes) {
    child_spec spec;
    spec.name = std::move(name);
    spec.start = [this, takes](const start_context&) {
      auto hdl = spawn<slow_to_end, caf::actor>(takes);
      hdl->attach_functor([log = log](const caf::error& reason) {
        log->exits.push_back(reason_name(reason));
      });
      return start_result::started(hdl);
    };
    return spec;
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

TEST_CASE("who is killed is waited for while others go on ending") {
  // One thread, on which the end of each takes its time: the last is down
  // after more than the time that a kill may take.
  constexpr auto many = 3000;
  constexpr auto takes = 80us;
  caf::actor_system_config config;
  register_types(config);
  set_threads(config, 1);
  caf::actor_system system{config};
  supervisor_options options;
  options.detached = true;
  options.stop_order = stop_order::parallel;
  options.kill_wait = 100ms;
  options.events = std::make_shared<event_bus>();
  std::atomic<int> killed{0};
  std::atomic<int> let_go{0};
  options.events->observe([&](const lifecycle_event& e) {
    killed += e.what == transition::killed ? 1 : 0;
    let_go += e.what == transition::abandoned ? 1 : 0;
  });
  std::vector<child_spec> children;
  for (auto i = 0; i < many; ++i) {
    auto& spec = children.emplace_back();
    spec.name = "w" + std::to_string(i);
    spec.shutdown = shutdown_policy::brutal_kill();
    spec.start = [takes](const start_context& ctx) {
      auto hdl = ctx.system->spawn(idle);
      hdl->attach_functor([takes](const caf::error&) {
        auto end = std::chrono::steady_clock::now() + takes;
        while (std::chrono::steady_clock::now() < end)
          continue;
      });
      return start_result::started(hdl);
    };
  }
  auto sup = *start_supervisor(system, options, std::move(children));
  caf::scoped_actor self{system};
  exit_high(sup, caf::exit_reason::user_shutdown);
  self->wait_for(sup);
  CHECK(killed == many);
  CHECK(let_go == 0);
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
                 "children that ignore their exit hold up no other's") {
  constexpr auto stubborn = 1000;
  std::vector<child_spec> children;
  for (auto i = 0; i < 500; ++i)
    children.push_back(worker("w" + std::to_string(i)));
  for (auto i = 0; i < stubborn; ++i)
    children.push_back(worker("s" + std::to_string(i), manners::ignores));
  auto sup = supervise(at_once(), std::move(children));
  auto reason = watch(sup);
  stop(sup);
  CHECK(log->exits.size() == 500);
  advance(4'999ms);
  CHECK(log->exits.size() == 500);
  CHECK(reason->empty());
  advance(1ms);
  CHECK(*reason == "shutdown");
  CHECK(log->exits.size() == 500 + stubborn);
}

TEST_CASE_METHOD(slow_fixture, "each of very many has its whole limit") {
  std::vector<child_spec> children;
  for (auto i = 0; i < 500; ++i) {
    children.push_back(slow("w" + std::to_string(i), 3ms));
    children.back().shutdown = shutdown_policy::within(4ms);
  }
  // These are asked first, and do not end.
  for (auto i = 0; i < 1000; ++i)
    children.push_back(worker("s" + std::to_string(i), manners::ignores));
  auto sup = supervise(at_once(), std::move(children));
  stop(sup);
  advance(20ms);
  CHECK(log->exits == strings(500, "shutdown"));
}

TEST_CASE_METHOD(slow_fixture,
                 "children that ignore their exit are killed at their limit") {
  std::vector<child_spec> children;
  for (auto i = 0; i < 17; ++i)
    children.push_back(worker("s" + std::to_string(i), manners::ignores));
  auto sup = supervise(at_once(), std::move(children));
  auto reason = watch(sup);
  stop(sup);
  advance(4'999ms);
  CHECK(log->exits.empty());
  advance(1ms);
  CHECK(log->exits.size() == 17);
  CHECK(*reason == "shutdown");
}

TEST_CASE_METHOD(slow_fixture,
                 "one limit for the tree holds for very many children") {
  std::vector<child_spec> children;
  for (auto i = 0; i < 2000; ++i) {
    children.push_back(worker("s" + std::to_string(i), manners::ignores));
    children.back().shutdown = shutdown_policy::within(1s);
  }
  auto options = at_once();
  options.stop_limit = 1s;
  auto sup = supervise(options, std::move(children));
  auto reason = watch(sup);
  stop(sup);
  advance(999ms);
  CHECK(log->exits.empty());
  advance(1ms);
  CHECK(log->exits.size() == 2000);
  CHECK(*reason == "shutdown");
}

TEST_CASE_METHOD(slow_fixture,
                 "the slowest child is all that a stop waits for") {
  constexpr auto slowest = 100;
  std::vector<child_spec> children;
  for (auto i = 0; i < 5000; ++i)
    children.push_back(slow("w" + std::to_string(i),
                            std::chrono::milliseconds{i % slowest + 1}));
  auto sup = supervise(at_once(), std::move(children));
  auto reason = watch(sup);
  stop(sup);
  auto waited = 0;
  for (; reason->empty() && waited < 5000; ++waited)
    advance(1ms);
  CHECK(waited == slowest);
}

TEST_CASE_METHOD(slow_fixture,
                 "a drain of very many ends with the slowest of them") {
  std::vector<child_spec> children;
  for (auto i = 0; i < 1000; ++i)
    children.push_back(slow("w" + std::to_string(i), 50ms));
  auto sup = supervise(at_once(), std::move(children));
  names->ledger().keep_ends();
  auto reply = begin_ask<drained>(sup, drain_request{{}, now() + 60ms});
  advance(50ms);
  REQUIRE(reply.ready());
  auto ends = names->ledger().ends();
  CHECK(ends.size() == 1000);
  CHECK(std::all_of(ends.begin(), ends.end(),
                    [](const auto& x) { return x.took == millis{50}; }));
}

TEST_CASE_METHOD(supervision_fixture,
                 "children that are slow to end hold up no kill") {
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
