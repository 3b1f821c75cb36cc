#include "support.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/supervision/ask.hpp>
#include <hololoom/actors/supervision/core/restart_limit.hpp>

using namespace hololoom;
using namespace hololoom::test;

namespace {

supervisor_options patient() {
  supervisor_options o;
  o.intensity = 100;
  return o;
}

} // namespace

TEST_CASE_METHOD(supervision_fixture,
                 "restarts back off exponentially up to their limit") {
  auto a = worker("a");
  a.backoff = {100ms, 400ms, 2, 0, 10s};
  auto sup = supervise(patient(), {a});
  for (auto wait : {100ms, 200ms, 400ms, 400ms}) {
    end("a");
    CHECK(states(sup) == "a:restarting");
    advance(wait - 1ms);
    CHECK(states(sup) == "a:restarting");
    advance(1ms);
    CHECK(states(sup) == "a:running");
  }
  SECTION("and start over after a child has run for long enough") {
    advance(10s);
    end("a");
    advance(100ms);
    CHECK(states(sup) == "a:running");
  }
  SECTION("and stay long when it has not") {
    advance(10s - 1ms);
    end("a");
    advance(399ms);
    CHECK(states(sup) == "a:restarting");
  }
}

TEST_CASE_METHOD(supervision_fixture,
                 "a limit that no clock can tell is none at all") {
  constexpr auto for_ever = caf::timespan::max();
  auto a = worker("a", manners::ignores);
  a.shutdown = shutdown_policy::within(for_ever);
  a.start_limit = for_ever;
  auto b = worker("b");
  b.backoff = {1ms, for_ever, 1e9, 0, for_ever};
  auto options = patient();
  options.period = for_ever;
  options.stop_limit = for_ever;
  options.kill_wait = for_ever;
  auto sup = supervise(options, {a, b});
  auto reason = watch(sup);
  end("b");
  advance(1ms);
  CHECK(states(sup) == "a:running b:running");
  end("b");
  advance(24h);
  CHECK(states(sup) == "a:running b:restarting");
  stop(sup);
  advance(24h);
  CHECK(states(sup) == "a:stopping b:stopped");
  end("a", shutdown);
  CHECK(*reason == "shutdown");
}

TEST_CASE("jitter stays within the limits and is repeatable") {
  backoff_policy policy{100ms, 10s, 2, 0.5};
  supervision::seeded_random first{7};
  supervision::seeded_random second{7};
  supervision::seeded_random other{8};
  auto differs = false;
  for (std::uint32_t i = 0; i < 50; ++i) {
    auto delay = supervision::backoff_delay(policy, i % 8, first);
    CHECK(delay == supervision::backoff_delay(policy, i % 8, second));
    differs =
      differs || delay != supervision::backoff_delay(policy, i % 8, other);
    CHECK(delay >= policy.min);
    CHECK(delay <= policy.max);
  }
  CHECK(differs);
}

TEST_CASE_METHOD(supervision_fixture, "starts that fail back off as well") {
  auto attempts = 0;
  auto a = worker("a");
  auto start = a.start;
  a.backoff = {1s, 8s};
  a.start = [&, start](const start_context& ctx) {
    return ++attempts == 2
           ? start_result::failure(failure(errc::io_error, "no"))
           : start(ctx);
  };
  auto sup = supervise(patient(), {a});
  end("a");
  advance(1s);
  CHECK(attempts == 2);
  advance(1999ms);
  CHECK(attempts == 2);
  advance(1ms);
  CHECK(attempts == 3);
  CHECK(states(sup) == "a:running");
}

TEST_CASE_METHOD(supervision_fixture, "a name reaches the new incarnation") {
  auto sup = supervise(patient(), {worker("a")});
  auto first = names->get("root/a");
  REQUIRE(first);
  end("a");
  auto second = names->get("a");
  REQUIRE(second);
  CHECK(*first != *second);
  CHECK(*second == log->current["a"]);
  REQUIRE(ask<acknowledged>(sup, terminate_child{"a"}));
  CHECK(code_of(names->get("root/a").error()) == errc::unavailable);
}

TEST_CASE_METHOD(supervision_fixture,
                 "a request under way fails the moment its target crashes") {
  auto sup = supervise(patient(), {worker("a")});
  auto outcome = errc::none;
  auto asker = system.spawn([&](caf::event_based_actor* self) {
    hololoom::ask<int>(
      self, log->current["a"], 1h, caf::link_atom{}, [](int) {},
      [&](const caf::error& e) { outcome = code_of(e); });
  });
  run();
  CHECK(outcome == errc::none);
  end("a");
  CHECK(outcome == errc::crashed);
  auto answer = 0;
  auto second = system.spawn([&](caf::event_based_actor* self) {
    hololoom::ask<int>(
      self, log->current["a"], 1h, 42, [&](int x) { answer = x; },
      [](const caf::error&) {});
  });
  run();
  CHECK(answer == 42);
}

TEST_CASE_METHOD(
  supervision_fixture,
  "an asynchronous start holds up the next child, not the supervisor") {
  std::optional<start_context> context;
  auto a = worker("a");
  a.start = [&](const start_context& ctx) {
    context = ctx;
    return start_result::pending(make(ctx));
  };
  a.start_limit = 3s;
  auto sup = supervise(patient(), {a, worker("b")});
  CHECK(states(sup) == "a:starting b:stopped");
  CHECK(!names->find("root/a"));
  auto running = begin_ask<acknowledged>(sup, await_running{});
  SECTION("until it is ready") {
    context->ready();
    run();
    CHECK(states(sup) == "a:running b:running");
    CHECK(running.ready());
    CHECK(names->find("root/a"));
  }
  SECTION("until it says that it failed") {
    context->failed(failure(errc::io_error, "no port"));
    run();
    REQUIRE(running.ready());
    CHECK(explain(running.get().error())
          == "child 'a' of root did not become ready: no port");
  }
  SECTION("until it crashes") {
    end("a");
    REQUIRE(running.ready());
    CHECK(code_of(running.get().error()) == errc::start_failed);
  }
  SECTION("until its limit, to the millisecond") {
    advance(2999ms);
    CHECK(!running.ready());
    advance(1ms);
    REQUIRE(running.ready());
    CHECK(
      explain(running.get().error())
      == "child 'a' of root did not become ready: it was not ready in time");
  }
  SECTION("or until the supervisor is told to end") {
    stop(sup);
    CHECK(code_of(running.get().error()) == errc::shutting_down);
    CHECK(log->exits == strings{"a:shutdown"});
  }
  SECTION("and its limit begins anew with each progress") {
    for (auto i = 1; i <= 5; ++i) {
      advance(2999ms);
      context->progressed("part " + std::to_string(i) + " of 5");
      run();
      CHECK(!running.ready());
    }
    auto tree = names->snapshot("root");
    REQUIRE(tree.children.size() == 3);
    REQUIRE(tree.children[1].doing);
    CHECK(*tree.children[1].doing == "part 5 of 5");
    context->ready();
    run();
    CHECK(states(sup) == "a:running b:running");
    CHECK(!names->snapshot("root").children[1].doing);
  }
  SECTION("which a start that hangs does not make") {
    advance(2s);
    context->progressed("half");
    advance(2999ms);
    CHECK(!running.ready());
    advance(1ms);
    CHECK(running.ready());
  }
}

TEST_CASE_METHOD(
  supervision_fixture,
  "the progress of a child's start is that of its supervisor's, too") {
  std::optional<start_context> context;
  auto a = worker("a");
  a.start = [&](const start_context& ctx) {
    context = ctx;
    return start_result::pending(make(ctx));
  };
  std::vector<std::string> progress;
  events->observe(
    [&](const lifecycle_event& x) {
      progress.push_back(x.path + ": " + x.reason);
    },
    {transition::progressed});
  auto lower = patient();
  lower.name = "lower";
  auto below = supervisor_child(lower, {a});
  below.start_limit = 3s;
  auto sup = supervise(patient(), {below});
  for (auto i = 0; i < 3; ++i) {
    advance(2s);
    context->progressed("half");
    run();
  }
  CHECK(states(sup) == "lower:starting");
  CHECK(progress.size() == 6);
  CHECK(std::count(progress.begin(), progress.end(), "root/lower: a: half")
        == 3);
  context->ready();
  run();
  CHECK(states(sup) == "lower:running");
}

TEST_CASE_METHOD(
  supervision_fixture,
  "late news of a start that failed is not taken for another's") {
  std::vector<start_context> contexts;
  auto refused = false;
  auto a = worker("a");
  a.start = [&](const start_context& ctx) {
    contexts.push_back(ctx);
    if (std::exchange(refused, false))
      return start_result::failure(failure(errc::io_error, "no port"));
    return start_result::pending(make(ctx));
  };
  auto sup = supervise(patient(), {a});
  contexts.at(0).ready();
  run();
  auto one = [&] {
    auto list = ask<child_list>(sup, which_children{});
    return list && list->children.size() == 1 ? list->children[0]
                                              : child_info{};
  };
  CHECK(one().starts == 1);
  SECTION("of an actor that crashed before it was ready") {
    end("a");
    end("a");
    contexts.at(1).ready();
    run();
    CHECK(states(sup) == "a:starting");
    contexts.at(2).ready();
    run();
    // Three actors, two of which came to run.
    CHECK(one().state == child_state::running);
    CHECK(one().incarnation == 3);
    CHECK(one().starts == 2);
  }
  SECTION("of a factory that had no actor to show") {
    refused = true;
    end("a");
    contexts.at(1).ready();
    run();
    CHECK(states(sup) == "a:starting");
    contexts.at(2).ready();
    run();
    CHECK(states(sup) == "a:running");
    CHECK(one().starts == 2);
  }
  SECTION("of another child that had the name") {
    REQUIRE(ask<acknowledged>(sup, terminate_child{"a"}));
    REQUIRE(ask<acknowledged>(sup, delete_child{"a"}));
    auto added = begin_ask<child_started>(
      sup, start_child{std::make_shared<const child_spec>(a)});
    contexts.at(0).ready();
    run();
    CHECK(!added.ready());
    contexts.at(1).ready();
    run();
    CHECK(added.ready());
    CHECK(one().starts == 1);
  }
}

TEST_CASE_METHOD(supervision_fixture,
                 "whoever waits for a start hears when its group is given up") {
  std::map<std::string, start_context> contexts;
  auto slow = [&](const std::string& name) {
    auto spec = worker(name);
    spec.start = [&contexts, this](const start_context& ctx) {
      contexts.insert_or_assign(ctx.path, ctx);
      return start_result::pending(make(ctx));
    };
    return spec;
  };
  auto options = patient();
  options.strategy = strategy::one_for_all;
  auto a = slow("a");
  a.backoff = {1s, 1s};
  auto sup = supervise(options, {a});
  contexts.at("root/a").ready();
  run();
  auto spec = std::make_shared<const child_spec>(slow("b"));
  auto added = begin_ask<child_started>(sup, start_child{spec});
  end("a");
  advance(1s);
  REQUIRE(states(sup) == "a:starting b:stopped");
  contexts.at("root/a").failed(failure(errc::io_error, "no port"));
  run();
  REQUIRE(states(sup) == "a:restarting b:stopped");
  CHECK(!added.ready());
  SECTION("because nobody brings it back") {
    CHECK(ask<acknowledged>(sup, terminate_child{"a"}));
    REQUIRE(added.ready());
    CHECK(code_of(added.get().error()) == errc::shutting_down);
  }
  SECTION("and so does whoever asked once more") {
    auto again = begin_ask<child_started>(sup, restart_child{"b"});
    CHECK(states(sup) == "a:restarting b:starting");
    contexts.at("root/b").ready();
    run();
    REQUIRE(added.ready());
    CHECK(added.get());
    REQUIRE(again.ready());
    CHECK(again.get());
  }
}

TEST_CASE_METHOD(supervision_fixture,
                 "terminated while its start fails, a child stays down") {
  std::optional<start_context> context;
  auto a = worker("a");
  a.start = [&](const start_context& ctx) {
    context = ctx;
    return start_result::pending(make(ctx, manners::ignores));
  };
  auto sup = supervise(patient(), {a});
  context->ready();
  run();
  end("a");
  context->failed(failure(errc::io_error, "no port"));
  run();
  auto gone = begin_ask<acknowledged>(sup, terminate_child{"a"});
  end("a");
  CHECK(gone.ready());
  CHECK(states(sup) == "a:stopped");
  CHECK(log->starts.size() == 2);
}

TEST_CASE_METHOD(supervision_fixture,
                 "children that do not depend on each other stop in parallel") {
  std::vector<child_spec> children;
  for (auto i = 0; i < 10; ++i) {
    children.push_back(worker("w" + std::to_string(i), manners::ignores));
    children.back().shutdown = shutdown_policy::within(1s);
  }
  SECTION("in one limit") {
    auto options = patient();
    options.stop_order = stop_order::parallel;
    auto sup = supervise(options, children);
    auto reason = watch(sup);
    stop(sup);
    advance(999ms);
    CHECK(log->exits.empty());
    advance(1ms);
    CHECK(*reason == "shutdown");
    CHECK(log->exits.size() == 10);
  }
  SECTION("which takes ten in order") {
    auto sup = supervise(patient(), children);
    auto reason = watch(sup);
    stop(sup);
    advance(9999ms);
    CHECK(*reason == "");
    advance(1ms);
    CHECK(*reason == "shutdown");
  }
}

TEST_CASE_METHOD(supervision_fixture,
                 "one limit for the whole tree ends the stop of all") {
  auto options = patient();
  options.stop_limit = 5s;
  options.stop_order = stop_order::parallel;
  auto a = worker("a", manners::ignores);
  a.shutdown = shutdown_policy::within(4s);
  auto sup = supervise(options, {a});
  // Children that come later are not part of the bargain, but of the limit.
  auto late = worker("late", manners::ignores);
  late.shutdown = shutdown_policy::infinity();
  REQUIRE(start_error(sup, late) == errc::none);
  auto reason = watch(sup);
  stop(sup);
  advance(4s);
  CHECK(log->exits == strings{"a:killed"});
  advance(999ms);
  CHECK(*reason == "");
  advance(1ms);
  CHECK(*reason == "shutdown");
  CHECK(log->exits == strings{"a:killed", "late:killed"});
}

TEST_CASE_METHOD(supervision_fixture,
                 "brutal_kill does not ask, infinity does not kill") {
  auto killed = worker("k");
  killed.shutdown = shutdown_policy::brutal_kill();
  auto waits = worker("w", manners::ignores);
  waits.shutdown = shutdown_policy::infinity();
  auto sup = supervise(patient(), {waits, killed});
  auto reason = watch(sup);
  stop(sup);
  CHECK(log->exits == strings{"k:killed"});
  advance(1h);
  CHECK(*reason == "");
  end("w", normal);
  CHECK(*reason == "shutdown");
}

TEST_CASE_METHOD(supervision_fixture, "every transition is an event") {
  strings seen;
  auto id = events->observe([&](const lifecycle_event& e) {
    seen.push_back(e.path + " " + std::string{name_of(e.what)} + " "
                   + std::to_string(e.incarnation));
    if (e.what == transition::started)
      CHECK(e.reason.empty());
  });
  // Whatever a listener does hurts nobody.
  events->observe([](const lifecycle_event&) { throw 1; });
  auto options = patient();
  options.intensity = 1;
  auto sup = supervise(options, {worker("a")});
  end("a");
  end("a");
  CHECK(seen
        == strings{"root/a started 1", "root/a exited 1", "root/a restarting 1",
                   "root/a started 2", "root/a exited 2",
                   "root/a escalated 2"});
  events->unsubscribe(id);
}

TEST_CASE_METHOD(supervision_fixture,
                 "actors can subscribe, and leave when they end") {
  std::vector<lifecycle_event> seen;
  auto listener = track(system.spawn([&](caf::event_based_actor*) {
    return caf::behavior{[&](const lifecycle_event& e) {
      seen.push_back(e);
    }};
  }));
  auto sup = supervise(patient(), {worker("a")});
  REQUIRE(ask<acknowledged>(sup, subscribe_events{listener}));
  CHECK(events->wanted());
  end("a");
  CHECK(seen.size() == 3);
  exit_high(listener, caf::exit_reason::kill);
  run();
  CHECK(!events->wanted());
}

TEST_CASE_METHOD(supervision_fixture, "a snapshot shows the whole tree") {
  supervisor_options inner;
  inner.name = "inner";
  inner.intensity = 10;
  auto sup =
    supervise(patient(),
              {worker("a"), supervisor_child(inner, {worker("b"), worker("c")}),
               worker("z")});
  advance(2s);
  end("b");
  advance(1s);
  auto tree = ask<tree_snapshot>(sup, tree_query{});
  REQUIRE(tree);
  strings paths;
  for (const auto& c : tree->children)
    paths.push_back(c.path);
  CHECK(paths
        == strings{"root", "root/a", "root/inner", "root/inner/b",
                   "root/inner/c", "root/z"});
  const auto& b = tree->children[3];
  CHECK(b.incarnation == 2);
  CHECK(b.restarts == 1);
  CHECK(b.age == millis{1000});
  CHECK(b.last_reason == std::string{"crash"});
  CHECK(tree->children[4].age == millis{3000});
  CHECK(tree->children[2].kind == "supervisor");
}
