#include "support/catch.hpp"
#include "weaving.hpp"

#include <hololoom/actors/reflection/buffer.hpp>
#include <hololoom/actors/shuttle/shuttle.hpp>
#include <hololoom/actors/shuttle/weaver.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/type_ids.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <condition_variable>
#include <latch>
#include <mutex>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

/// Long enough for a slow machine, short enough to name a hang.
constexpr auto patience = 20s;

struct thread_config : caf::actor_system_config {
  thread_config() { register_types(*this); }
};

/// A shuttle, weavers with threads of their own and a buffer that keeps its
/// journal in memory.
struct thread_bench {
  thread_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  shuttle_options options;
  shuttle_deps deps;
  std::shared_ptr<const tool_registry> tools =
    std::make_shared<const tool_registry>(builtin_tools());
  local_shuttle_actor shuttle;
  std::vector<weaver_actor> weavers;

  thread_bench() { options.epsilon = 0; }

  ~thread_bench() {
    for (const auto& weaver : weavers)
      exit_high(weaver, caf::exit_reason::user_shutdown);
    exit_high(shuttle, caf::exit_reason::user_shutdown);
    if (deps.reflection)
      exit_high(deps.reflection, caf::exit_reason::user_shutdown);
  }

  void start(std::size_t count) {
    shuttle = spawn_shuttle(system, options, deps, false);
    for (std::size_t i = 0; i < count; ++i)
      weavers.push_back(spawn_weaver(system, {shuttle, {}, tools, options, i}));
  }

  auto begin(std::string text, maybe<millis> deadline = nothing) {
    weave_request x;
    x.asked.text = std::move(text);
    x.deadline = deadline;
    return self->request(shuttle, patience, std::move(x));
  }

  template <class T, class Pending>
  caf::expected<T> take(Pending pending) {
    caf::expected<T> result = caf::make_error(errc::none);
    pending.receive([&](T& x) { result = std::move(x); },
                    [&](caf::error& err) { result = std::move(err); });
    return result;
  }

  caf::expected<spacetime> weave(std::string text) {
    return take<spacetime>(begin(std::move(text)));
  }

  template <class Result, class Handle, class Request>
  caf::expected<Result> ask(const Handle& whom, Request x) {
    return take<Result>(self->request(whom, patience, std::move(x)));
  }

  shuttle_status status() {
    return *ask<shuttle_status>(shuttle, shuttle_status_query{});
  }
};

tool_result fine() {
  tool_result result;
  result.response = "fine";
  result.confidence = 1;
  return result;
}

} // namespace

TEST_CASE("weavers weave at the same time") {
  thread_bench bench;
  auto both = std::make_shared<std::latch>(2);
  // Each waits for the other: one after the other would never end.
  bench.tools = only([both](const tool_input&) {
    both->arrive_and_wait();
    return caf::expected<tool_result>{fine()};
  });
  bench.start(2);
  auto first = bench.begin("one");
  auto second = bench.begin("two");
  CHECK(bench.take<spacetime>(std::move(first))->response == "fine");
  CHECK(bench.take<spacetime>(std::move(second))->response == "fine");
}

TEST_CASE("a tool that hangs costs its caller the deadline and no more") {
  struct gate {
    std::mutex mutex;
    std::condition_variable opened;
    bool open = false;
  };
  thread_bench bench;
  auto blocked = std::make_shared<gate>();
  bench.tools = only([blocked](const tool_input& in) {
    if (in.asked.text == "hang") {
      std::unique_lock lock{blocked->mutex};
      blocked->opened.wait(lock, [&] { return blocked->open; });
    }
    return caf::expected<tool_result>{fine()};
  });
  bench.options.stuck_margin = millis{50};
  bench.start(2);
  auto woven = bench.take<spacetime>(bench.begin("hang", millis{200}));
  REQUIRE(woven);
  CHECK(woven->tool_used == "error");
  CHECK(woven->trace.errors.at(0).stage == "tool_execution");
  CHECK(bench.weave("go on")->response == "fine");
  auto s = bench.status();
  CHECK(s.lost_weavers == 1);
  CHECK(s.weavers == 1);
  std::lock_guard guard{blocked->mutex};
  blocked->open = true;
  blocked->opened.notify_all();
}

TEST_CASE("a cooperative tool stops at the deadline") {
  thread_bench bench;
  bench.tools = only([](const tool_input& in) {
    std::mutex mutex;
    std::unique_lock lock{mutex};
    std::condition_variable_any stopped;
    stopped.wait(lock, in.limit.stop(), [] { return false; });
    return caf::expected<tool_result>{fine()};
  });
  bench.options.stuck_margin = millis{10'000};
  bench.start(1);
  auto woven = bench.take<spacetime>(bench.begin("wait", millis{100}));
  REQUIRE(woven);
  CHECK(woven->response == "fine");
  CHECK(woven->metadata.text("status") == "degraded");
  CHECK(bench.status().lost_weavers == 0);
}

TEST_CASE("the buffer knows a finished weave by its id") {
  thread_bench bench;
  bench.deps.reflection = spawn_reflection_buffer(bench.system, {}, {}, false);
  bench.start(1);
  auto woven = bench.weave("what is 2 + 2");
  REQUIRE(woven);
  reflect_on_request said;
  said.spacetime_id = woven->id;
  said.said = feedback{true, 5.0, nothing};
  auto ack = bench.ask<reflect_ack>(bench.deps.reflection, said);
  REQUIRE(ack);
  CHECK(ack->success);
}

TEST_CASE("an unhelpful tool is chosen with less confidence") {
  thread_bench bench;
  bench.deps.reflection = spawn_reflection_buffer(bench.system, {}, {}, false);
  bench.start(1);
  auto before = bench.weave("what is 2 + 2");
  REQUIRE(before);
  constexpr auto times = 5;
  for (auto i = 0; i < times; ++i) {
    reflect_request said;
    said.woven = *before;
    said.said = feedback{false, nothing, nothing};
    REQUIRE(bench.ask<reflect_ack>(bench.deps.reflection, said));
  }
  // The buffer pushes the policy to the shuttle after the acknowledgement.
  auto after = bench.weave("what is 2 + 2");
  for (auto i = 0;
       i < 1000 && after
       && after->trace.bandit_statistics->values()["policy_version"] != times;
       ++i)
    after = bench.weave("what is 2 + 2");
  REQUIRE(after);
  CHECK(after->trace.bandit_statistics->values()["policy_version"] == times);
  CHECK(after->trace.tool_confidence < before->trace.tool_confidence);
}

TEST_CASE("a weave that cannot be recorded is counted, and answered") {
  thread_bench bench;
  bench.deps.reflection = spawn_reflection_buffer(bench.system, {}, {}, false);
  bench.start(1);
  REQUIRE(bench.ask<flush_ack>(bench.deps.reflection, flush_request{true}));
  CHECK(bench.weave("what is 2 + 2")->response == "2 + 2 = 4");
  // The buffer answers requests in turn: ours comes behind the shuttle's.
  bench.ask<reflection_status>(bench.deps.reflection,
                               reflection_status_query{});
  auto s = bench.status();
  for (auto i = 0; i < 1000 && s.unrecorded == 0; ++i)
    s = bench.status();
  CHECK(s.unrecorded == 1);
  CHECK(!s.problem.empty());
}

TEST_CASE("many callers at once are all answered") {
  thread_bench bench;
  bench.start(2);
  std::vector<decltype(bench.begin(""))> pending;
  for (auto i = 0; i < 200; ++i)
    pending.push_back(bench.begin("what is " + std::to_string(i) + " + 1"));
  for (auto i = 0; i < 200; ++i) {
    auto woven = bench.take<spacetime>(std::move(pending[i]));
    REQUIRE(woven);
    CHECK(woven->response.find("= " + std::to_string(i + 1))
          != std::string::npos);
  }
  CHECK(bench.status().completed == 200);
}

TEST_CASE("weaves under way finish before an exit") {
  thread_bench bench;
  bench.start(2);
  std::vector<decltype(bench.begin(""))> pending;
  for (auto i = 0; i < 50; ++i)
    pending.push_back(bench.begin("what is 1 + 1"));
  bench.ask<shuttle_status>(bench.shuttle, begin_drain{});
  for (const auto& weaver : bench.weavers)
    exit_high(weaver, caf::exit_reason::user_shutdown);
  exit_high(bench.shuttle, caf::exit_reason::user_shutdown);
  for (auto& x : pending)
    CHECK(bench.take<spacetime>(std::move(x))->response == "1 + 1 = 2");
  bench.self->wait_for(bench.shuttle, bench.weavers[0], bench.weavers[1]);
}
