#include "support.hpp"
#include "support/catch.hpp"

#include <caf/send.hpp>

#include <algorithm>

using namespace hololoom;
using namespace hololoom::test;

namespace {

supervisor_options parallel(std::string name = "root") {
  supervisor_options o;
  o.name = std::move(name);
  o.intensity = 100;
  o.stop_order = stop_order::parallel;
  return o;
}

std::string told(const std::vector<child_outcome>& list) {
  std::string result;
  for (const auto& o : list)
    result += (result.empty() ? "" : " ") + o.name + ":"
            + std::string{name_of(o.how)} + (o.forced ? "!" : "");
  return result;
}

std::string paths(const std::vector<child_outcome>& list) {
  std::string result;
  for (const auto& o : list)
    result += (result.empty() ? "" : " ") + o.name;
  return result;
}

/// Speaks for a thread that a kill does not end.
struct thread_like : child_probe {
  std::optional<work_note> doing() const override {
    return work_note{"counting sheep", std::chrono::steady_clock::now()};
  }
  bool can_be_killed() const override { return !running; }
  void force() override { ++forces; }
  bool running = true;
  int forces = 0;
};

/// The same, without a word of what it does.
struct silent_thread : thread_like {
  std::optional<work_note> doing() const override { return std::nullopt; }
};

/// Speaks for a process whose end is known before that of its actor.
struct process_like : silent_thread {
  explicit process_like(caf::actor actor) : worker(std::move(actor)) {
    running = false;
  }
  void force() override {
    caf::anon_send<caf::message_priority::high>(worker, caf::put_atom{}, 2);
  }
  caf::actor worker;
};

} // namespace

TEST_CASE_METHOD(supervision_fixture,
                 "who is killed was killed, however its end is told") {
  auto spec = worker("a");
  spec.start = [this](const start_context& ctx) {
    auto actor = make(ctx, manners::ignores);
    auto result = start_result::started(actor);
    result.probe = std::make_shared<process_like>(actor);
    return result;
  };
  auto sup = supervise(parallel(), {spec});
  auto report = ask<drain_report>(sup, drain_request{{}, now()});
  REQUIRE(report);
  auto forced = ask<force_report>(sup, force_request{true});
  REQUIRE(forced);
  CHECK(log->exits == std::vector<std::string>{"a:crash"});
  CHECK(told(forced->outcomes) == "root/a:killed!");
}

TEST_CASE_METHOD(supervision_fixture,
                 "of whoever is let go it is said what is known, if nothing") {
  auto spec = worker("a");
  spec.start = [this](const start_context& ctx) {
    auto result = start_result::started(make(ctx, manners::ignores));
    result.probe = std::make_shared<silent_thread>();
    return result;
  };
  auto sup = supervise(parallel(), {spec});
  auto drained = begin_ask<drain_report>(sup, drain_request{{}, now() + 1s});
  advance(1s);
  REQUIRE(drained.ready());
  auto forced = begin_ask<force_report>(sup, force_request{true});
  advance(1s);
  REQUIRE(forced.ready());
  CHECK(told(forced.get()->outcomes) == "root/a:abandoned!");
  REQUIRE(forced.get()->outcomes[0].doing);
  CHECK_THAT(*forced.get()->outcomes[0].doing,
             Catch::Matchers::Contains("nothing is known of what it does"));
}

TEST_CASE_METHOD(supervision_fixture, "a drain answers when all are down") {
  auto sup = supervise({}, {worker("a"), worker("b", manners::normal),
                            worker("c", manners::crashes)});
  auto report = ask<drain_report>(sup, drain_request{{}, now() + 5s});
  REQUIRE(report);
  CHECK(told(report->ended) == "root/c:crashed root/b:normal root/a:shutdown");
  CHECK(report->survivors.empty());
  CHECK(log->starts.size() == 3);
  CHECK(start_error(sup, worker("d")) == errc::shutting_down);
  CHECK(!ask<child_started>(sup, restart_child{"a"}));
}

TEST_CASE_METHOD(supervision_fixture,
                 "a drain kills nobody and answers at its deadline") {
  auto sup =
    supervise(parallel(), {worker("a"), worker("stuck", manners::ignores)});
  auto report = begin_ask<drain_report>(sup, drain_request{{}, now() + 5s});
  advance(4999ms);
  CHECK(!report.ready());
  advance(1ms);
  REQUIRE(report.ready());
  CHECK(told(report.get()->ended) == "root/a:shutdown");
  CHECK(paths(report.get()->survivors) == "root/stuck");
  CHECK(report.get()->survivors[0].took == millis{5000});
  advance(1h);
  CHECK(log->exits == strings{"a:shutdown"});
}

TEST_CASE_METHOD(supervision_fixture,
                 "in order, a slow child leaves the others their share") {
  auto slow = worker("c", manners::ignores);
  slow.shutdown = shutdown_policy::infinity();
  auto sup = supervise({}, {worker("a"), worker("b"), slow});
  auto report = begin_ask<drain_report>(sup, drain_request{{}, now() + 6s});
  CHECK(log->exits.empty());
  advance(1999ms);
  CHECK(log->exits.empty());
  advance(1ms);
  CHECK(log->exits == strings{"b:shutdown", "a:shutdown"});
  advance(4s);
  REQUIRE(report.ready());
  CHECK(paths(report.get()->survivors) == "root/c");
}

TEST_CASE_METHOD(supervision_fixture,
                 "a second drain with less time shortens the first") {
  auto sup = supervise(parallel(), {worker("stuck", manners::ignores)});
  auto first = begin_ask<drain_report>(sup, drain_request{{}, now() + 5s});
  advance(1s);
  auto second = begin_ask<drain_report>(sup, drain_request{{}, now() + 100ms});
  advance(99ms);
  CHECK(!first.ready());
  advance(1ms);
  CHECK(first.ready());
  CHECK(second.ready());
}

TEST_CASE_METHOD(supervision_fixture,
                 "named children are drained, the others run on unrestarted") {
  auto sup =
    supervise(parallel(), {worker("buffer"), worker("a"), worker("b")});
  auto report = ask<drain_report>(sup, drain_request{{"a", "b"}, now() + 5s});
  REQUIRE(report);
  CHECK(told(report->ended) == "root/b:shutdown root/a:shutdown");
  CHECK(states(sup) == "buffer:running a:stopped b:stopped");
  auto rest =
    ask<drain_report>(sup, drain_request{{"buffer"}, now() + 5s, true});
  REQUIRE(rest);
  CHECK(told(rest->ended)
        == "root/b:shutdown root/a:shutdown root/buffer:shutdown");
}

TEST_CASE_METHOD(supervision_fixture,
                 "children that crash while draining are not restarted") {
  auto sup =
    supervise(parallel(), {worker("a"), worker("stuck", manners::ignores)});
  auto report =
    begin_ask<drain_report>(sup, drain_request{{"stuck"}, now() + 5s});
  end("a");
  advance(5s);
  CHECK(log->starts.size() == 2);
  CHECK(states(sup) == "a:stopped stuck:stopping");
}

TEST_CASE_METHOD(supervision_fixture,
                 "force kills survivors and tells killed from abandoned") {
  auto probe = std::make_shared<thread_like>();
  auto thread = worker("thread");
  thread.kind = "blocking";
  thread.start = [this, probe](const start_context& ctx) {
    return start_result::started(make(ctx, manners::ignores), probe);
  };
  auto sup = supervise(
    parallel(), {worker("a"), worker("asleep", manners::ignores), thread});
  begin_ask<drain_report>(sup, drain_request{{}, now() + 5s});
  advance(5s);
  auto forced = begin_ask<force_report>(sup, force_request{});
  CHECK(probe->forces == 1);
  auto outcomes = [&] {
    return forced.get()->outcomes;
  };
  SECTION("a thread that returns in time") {
    advance(100ms);
    CHECK(!forced.ready());
    probe->running = false;
    advance(10ms);
    REQUIRE(forced.ready());
    CHECK(told(outcomes()) == "root/asleep:killed! root/thread:killed!");
  }
  SECTION("a thread that does not") {
    advance(249ms);
    CHECK(!forced.ready());
    advance(1ms);
    REQUIRE(forced.ready());
    CHECK(told(outcomes()) == "root/asleep:killed! root/thread:abandoned!");
    CHECK(outcomes()[1].kind == "blocking");
    REQUIRE(outcomes()[1].doing);
    CHECK(outcomes()[1].doing->find("counting sheep for") == 0);
  }
}

TEST_CASE_METHOD(supervision_fixture,
                 "whatever comes while a force is under way, its limits stay") {
  auto thread = worker("thread");
  thread.start = [this](const start_context& ctx) {
    return start_result::started(make(ctx, manners::ignores),
                                 std::make_shared<thread_like>());
  };
  auto nested = GENERATE(false, true);
  auto sup = nested ? supervise(parallel(),
                                {supervisor_child(parallel("inner"), {thread})})
                    : supervise(parallel(), {thread});
  auto abandoned =
    nested ? "root/inner/thread:abandoned!" : "root/thread:abandoned!";
  auto reason = watch(sup);
  begin_ask<drain_report>(sup, drain_request{{}, now() + 1s, true});
  advance(1s);
  auto first = begin_ask<force_report>(sup, force_request{true});
  advance(200ms);
  CHECK(!first.ready());
  SECTION("an exit") {
    exit_high(sup, caf::exit_reason::user_shutdown);
    advance(50ms);
    REQUIRE(first.ready());
    CHECK(told(first.get()->outcomes) == abandoned);
  }
  SECTION("another force, which is told the same") {
    auto second = begin_ask<force_report>(sup, force_request{true});
    advance(50ms);
    REQUIRE(first.ready());
    REQUIRE(second.ready());
    CHECK(told(first.get()->outcomes) == abandoned);
    CHECK(told(second.get()->outcomes) == abandoned);
  }
  CHECK(*reason == "shutdown");
}

TEST_CASE_METHOD(
  supervision_fixture,
  "drain and force go down into the tree, which ends with them") {
  auto tree = parallel();
  auto inner = parallel("inner");
  auto deep = parallel("deep");
  auto sup = supervise(
    tree, {worker("a"),
           supervisor_child(
             inner, {worker("b"), worker("s1", manners::ignores),
                     supervisor_child(
                       deep, {worker("s2", manners::ignores), worker("c")})})});
  auto start = now();
  auto report =
    begin_ask<drain_report>(sup, drain_request{{}, now() + 5s, true});
  advance(5s);
  REQUIRE(report.ready());
  auto r = report.get();
  auto survivors = r->survivors;
  std::sort(survivors.begin(), survivors.end(),
            [](auto& x, auto& y) { return x.name < y.name; });
  CHECK(paths(survivors) == "root/inner/deep/s2 root/inner/s1");
  auto ended = r->ended;
  std::sort(ended.begin(), ended.end(),
            [](auto& x, auto& y) { return x.name < y.name; });
  CHECK(told(ended)
        == "root/a:shutdown root/inner/b:shutdown root/inner/deep/c:shutdown");
  auto reason = watch(sup);
  auto forced = begin_ask<force_report>(sup, force_request{true});
  advance(250ms);
  REQUIRE(forced.ready());
  auto outcomes = forced.get()->outcomes;
  std::sort(outcomes.begin(), outcomes.end(),
            [](auto& x, auto& y) { return x.name < y.name; });
  CHECK(told(outcomes) == "root/inner/deep/s2:killed! root/inner/s1:killed!");
  CHECK(*reason == "shutdown");
  CHECK(now() - start == 5250ms);
}

TEST_CASE_METHOD(supervision_fixture,
                 "a tree that drains in time ends by itself") {
  auto sup = supervise(
    parallel(), {worker("a"), supervisor_child(parallel("inner"),
                                               {worker("b"), worker("c")})});
  auto reason = watch(sup);
  auto report = ask<drain_report>(sup, drain_request{{}, now() + 5s, true});
  REQUIRE(report);
  auto ended = report->ended;
  std::sort(ended.begin(), ended.end(),
            [](auto& x, auto& y) { return x.name < y.name; });
  CHECK(told(ended)
        == "root/a:shutdown root/inner:shutdown root/inner/b:shutdown "
           "root/inner/c:shutdown");
  CHECK(*reason == "shutdown");
}

TEST_CASE_METHOD(
  supervision_fixture,
  "very many that ended well are summed up by kind, others are listed") {
  std::vector<child_spec> children;
  for (auto i = 0; i < 1500; ++i) {
    children.push_back(worker("w" + std::to_string(i),
                              i == 700 ? manners::crashes : manners::obeys));
    children.back().kind = i % 2 == 0 ? "coroutine" : "actor";
  }
  auto sup = supervise(parallel(), children);
  auto report = ask<drain_report>(sup, drain_request{{}, now() + 5s});
  REQUIRE(report);
  auto list = listed(*report);
  REQUIRE(list.size() == 3);
  CHECK(list[0].name == "root/w700");
  CHECK(list[0].how == ended::crashed);
  std::sort(list.begin() + 1, list.end(),
            [](auto& x, auto& y) { return x.name < y.name; });
  CHECK(list[1].name == "749 coroutine children");
  CHECK(list[2].name == "750 actor children");
}

TEST_CASE_METHOD(supervision_fixture,
                 "a drain in the middle of a start or a restart ends it") {
  auto pending = worker("p");
  pending.start = [this](const start_context& ctx) {
    return start_result::pending(make(ctx));
  };
  auto flaky = worker("f");
  flaky.backoff = {1s, 1s};
  SECTION("start") {
    auto sup = supervise(parallel(), {worker("a"), pending, worker("never")});
    auto report = ask<drain_report>(sup, drain_request{{}, now() + 5s, true});
    REQUIRE(report);
    CHECK(told(report->ended) == "root/p:shutdown root/a:shutdown");
    CHECK(log->starts == strings{"a", "p"});
  }
  SECTION("restart") {
    auto sup = supervise(parallel(), {flaky});
    end("f");
    auto report = ask<drain_report>(sup, drain_request{{}, now() + 5s, true});
    REQUIRE(report);
    advance(10s);
    CHECK(log->starts == strings{"f"});
  }
}

TEST_CASE_METHOD(supervision_fixture,
                 "an ordinary stop after a drain ends what is left") {
  auto stuck = worker("stuck", manners::ignores);
  stuck.shutdown = shutdown_policy::within(2s);
  auto sup = supervise(parallel(), {stuck});
  begin_ask<drain_report>(sup, drain_request{{}, now() + 1s});
  advance(1s);
  auto reason = watch(sup);
  stop(sup);
  advance(1999ms);
  CHECK(*reason == "");
  advance(1ms);
  CHECK(*reason == "shutdown");
  CHECK(log->exits == strings{"stuck:killed"});
}

TEST_CASE_METHOD(supervision_fixture,
                 "a force that finds nobody ends its supervisor at once") {
  auto sup = supervise(parallel(), {supervisor_child(parallel("inner"), {})});
  auto reason = watch(sup);
  SECTION("with one below that has nobody either") {
    auto inner = watch(caf::actor_cast<caf::actor>(names->find("root/inner")));
    CHECK(ask<force_report>(sup, force_request{true}));
    CHECK(*inner == "shutdown");
    CHECK(*reason == "shutdown");
  }
  SECTION("whose children a drain has ended, itself left out") {
    REQUIRE(ask<drain_report>(sup, drain_request{{}, now() + 5s}));
    CHECK(reason->empty());
    CHECK(ask<force_report>(sup, force_request{true}));
    CHECK(*reason == "shutdown");
  }
}
