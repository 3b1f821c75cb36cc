#include "support.hpp"
#include "support/catch.hpp"

using namespace hololoom;
using namespace hololoom::test;

namespace {

supervisor_options with(strategy s, std::int64_t intensity = 3) {
  supervisor_options o;
  o.strategy = s;
  o.intensity = intensity;
  return o;
}

} // namespace

TEST_CASE_METHOD(supervision_fixture,
                 "children start in order and stop in reverse") {
  auto sup = supervise({}, {worker("a"), worker("b"), worker("c")});
  CHECK(log->starts == strings{"a", "b", "c"});
  CHECK(states(sup) == "a:running b:running c:running");
  auto reason = watch(sup);
  stop(sup);
  CHECK(log->exits == strings{"c:shutdown", "b:shutdown", "a:shutdown"});
  CHECK(*reason == "shutdown");
}

TEST_CASE_METHOD(supervision_fixture, "one_for_one restarts only who crashed") {
  auto sup = supervise(with(strategy::one_for_one),
                       {worker("a"), worker("b"), worker("c")});
  end("b");
  CHECK(log->exits == strings{"b:crash"});
  CHECK(log->starts == strings{"a", "b", "c", "b"});
  CHECK(states(sup) == "a:running b:running c:running");
}

TEST_CASE_METHOD(supervision_fixture,
                 "one_for_all restarts everybody in order") {
  auto sup = supervise(with(strategy::one_for_all),
                       {worker("a"), worker("b"), worker("c")});
  end("b");
  CHECK(log->exits == strings{"b:crash", "c:shutdown", "a:shutdown"});
  CHECK(log->starts == strings{"a", "b", "c", "a", "b", "c"});
  CHECK(log->doubles == 0);
}

TEST_CASE_METHOD(supervision_fixture,
                 "rest_for_one restarts those after the crashed one") {
  auto sup = supervise(with(strategy::rest_for_one),
                       {worker("a"), worker("b"), worker("c")});
  end("b");
  CHECK(log->exits == strings{"b:crash", "c:shutdown"});
  CHECK(log->starts == strings{"a", "b", "c", "b", "c"});
}

TEST_CASE_METHOD(supervision_fixture,
                 "a child that stands apart is no member of a group") {
  auto b = worker("b");
  b.apart = true;
  auto how = GENERATE(strategy::one_for_all, strategy::rest_for_one);
  auto sup = supervise(with(how), {worker("a"), b, worker("c")});
  SECTION("it goes on when the others are restarted") {
    end("a");
    CHECK(log->exits == strings{"a:crash", "c:shutdown"});
    CHECK(log->starts == strings{"a", "b", "c", "a", "c"});
  }
  SECTION("it is restarted alone") {
    end("b");
    CHECK(log->exits == strings{"b:crash"});
    CHECK(log->starts == strings{"a", "b", "c", "b"});
  }
  SECTION("it stays down when it was terminated") {
    REQUIRE(ask<acknowledged>(sup, terminate_child{"b"}));
    end("a");
    CHECK(states(sup) == "a:running b:stopped c:running");
  }
  CHECK(log->doubles == 0);
}

TEST_CASE_METHOD(supervision_fixture,
                 "a child with a rate of its own is given up alone") {
  auto b = worker("b");
  b.give_up_after = restart_rate{2, 1s};
  std::vector<std::string> given_up;
  events->observe(
    [&](const lifecycle_event& x) {
      given_up.push_back(x.path + ": " + x.reason);
    },
    {transition::gave_up});
  auto sup = supervise(with(strategy::one_for_one, 0), {worker("a"), b});
  SECTION("when it ends too often within the period") {
    for (auto i = 0; i < 3; ++i) {
      CHECK(given_up.empty());
      end("b");
    }
    REQUIRE(given_up.size() == 1);
    CHECK(
      given_up[0].starts_with("root/b: more than 2 restarts within 1000 ms; "
                              "the last end: "));
    CHECK(states(sup) == "a:running b:stopped");
    // It can be started again, and has its restarts again.
    REQUIRE(ask<child_started>(sup, restart_child{"b"}));
    end("b");
    end("b");
    CHECK(states(sup) == "a:running b:running");
  }
  SECTION("but not when it ends now and then") {
    for (auto i = 0; i < 10; ++i) {
      end("b");
      advance(501ms);
    }
    CHECK(given_up.empty());
    CHECK(states(sup) == "a:running b:running");
  }
  SECTION("while the others have the supervisor's intensity") {
    auto reason = watch(sup);
    end("b");
    CHECK(reason->empty());
    end("a");
    CHECK(*reason == "shutdown");
  }
}

TEST_CASE_METHOD(supervision_fixture,
                 "a group restart also starts who was terminated") {
  auto sup = supervise(with(strategy::one_for_all), {worker("a"), worker("b")});
  REQUIRE(ask<acknowledged>(sup, terminate_child{"b"}));
  CHECK(states(sup) == "a:running b:stopped");
  end("a");
  CHECK(states(sup) == "a:running b:running");
}

TEST_CASE_METHOD(supervision_fixture,
                 "a dynamic supervisor makes children of one template") {
  auto sup =
    supervise(with(strategy::simple_one_for_one), {worker("template")});
  CHECK(log->starts.empty());
  for (auto i = 0; i < 3; ++i)
    REQUIRE(ask<child_started>(sup, start_child{}));
  CHECK(states(sup) == "i1:running i2:running i3:running");
  end("i2");
  CHECK(states(sup) == "i1:running i2:running i3:running");
  CHECK(*ask<child_counts>(sup, count_children{}) == child_counts{1, 3, 0, 3});
  REQUIRE(ask<acknowledged>(sup, terminate_child{"i1"}));
  REQUIRE(ask<acknowledged>(sup, terminate_child{"i1"}));
  CHECK(code_of(ask<acknowledged>(sup, terminate_child{"i9"}).error())
        == errc::not_supported);
  CHECK(states(sup) == "i2:running i3:running");
}

TEST_CASE_METHOD(supervision_fixture,
                 "restart types follow how the child ended") {
  auto permanent = worker("p");
  auto transient = worker("t");
  transient.restart = restart_type::transient;
  auto temporary = worker("x");
  temporary.restart = restart_type::temporary;
  auto sup = supervise(with(strategy::one_for_one, 100),
                       {permanent, transient, temporary});
  for (auto why : {normal, shutdown, crash}) {
    end("p", why);
    CHECK(states(sup) == "p:running t:running x:running");
  }
  end("t", crash);
  CHECK(states(sup) == "p:running t:running x:running");
  end("t", normal);
  CHECK(states(sup) == "p:running t:stopped x:running");
  REQUIRE(ask<child_started>(sup, restart_child{"t"}));
  end("t", shutdown);
  CHECK(states(sup) == "p:running t:stopped x:running");
  end("x", crash);
  CHECK(states(sup) == "p:running t:stopped");
}

TEST_CASE_METHOD(supervision_fixture,
                 "too many restarts end the supervisor, its children first") {
  auto sup =
    supervise(with(strategy::one_for_one, 2), {worker("a"), worker("b")});
  auto reason = watch(sup);
  end("a");
  end("a");
  CHECK(*reason == "");
  end("a");
  CHECK(*reason == "shutdown");
  CHECK(log->exits.back() == "b:shutdown");
}

TEST_CASE_METHOD(supervision_fixture,
                 "a restart counts for exactly one period") {
  auto options = with(strategy::one_for_one, 1);
  options.period = 300ms;
  SECTION("at its end it still counts") {
    auto sup = supervise(options, {worker("a")});
    auto reason = watch(sup);
    end("a");
    advance(300ms);
    end("a");
    CHECK(*reason == "shutdown");
  }
  SECTION("a millisecond later it does not") {
    auto sup = supervise(options, {worker("a")});
    auto reason = watch(sup);
    end("a");
    advance(301ms);
    end("a");
    CHECK(*reason == "");
  }
}

TEST_CASE_METHOD(supervision_fixture,
                 "a failed start rolls back what was started") {
  auto bad = worker("c");
  bad.start = [](const start_context&) {
    return start_result::failure(failure(errc::io_error, "no disk"));
  };
  auto sup = spawn_supervisor(system, {}, {worker("a"), worker("b"), bad});
  REQUIRE(sup);
  auto answer = ask<acknowledged>(*sup, await_running{});
  REQUIRE(!answer);
  CHECK(is(answer.error(), errc::start_failed));
  CHECK(explain(answer.error()) == "child 'c' of root did not start: no disk");
  CHECK(log->exits == strings{"b:shutdown", "a:shutdown"});
}

TEST_CASE_METHOD(supervision_fixture,
                 "a factory that throws is a failed start") {
  auto bad = worker("a");
  bad.start = [](const start_context&) -> start_result {
    throw std::runtime_error("no luck");
  };
  auto sup = spawn_supervisor(system, {}, {bad});
  std::string reason;
  (*sup)->attach_functor([&](const caf::error& e) { reason = explain(e); });
  run();
  CHECK(reason == "child 'a' of root did not start: no luck");
}

TEST_CASE_METHOD(supervision_fixture,
                 "a restart that fails is tried again until it succeeds") {
  auto attempts = 0;
  auto flaky = worker("a");
  auto start = flaky.start;
  flaky.start = [&attempts, start](const start_context& ctx) {
    ++attempts;
    if (attempts > 1 && attempts < 4)
      return start_result::failure(failure(errc::io_error, "not yet"));
    return start(ctx);
  };
  auto sup = supervise(with(strategy::one_for_one, 5), {flaky});
  end("a");
  CHECK(attempts == 4);
  CHECK(states(sup) == "a:running");
}

TEST_CASE_METHOD(supervision_fixture, "an ignored child keeps its spec") {
  auto ignored = worker("a");
  ignored.start = [](const start_context&) {
    return start_result::ignore();
  };
  auto temporary = ignored;
  temporary.name = "t";
  temporary.restart = restart_type::temporary;
  auto sup = supervise({}, {ignored, temporary, worker("b")});
  CHECK(states(sup) == "a:stopped b:running");
}

TEST_CASE_METHOD(
  supervision_fixture,
  "auto_shutdown ends the supervisor with its significant children") {
  auto a = worker("a");
  a.restart = restart_type::transient;
  a.significant = true;
  auto b = a;
  b.name = "b";
  auto options = with(strategy::one_for_one);
  SECTION("any") {
    options.auto_shutdown = auto_shutdown::any_significant;
    auto sup = supervise(options, {a, b, worker("c")});
    auto reason = watch(sup);
    end("a", normal);
    CHECK(*reason == "shutdown");
    CHECK(log->exits == strings{"a:normal", "c:shutdown", "b:shutdown"});
  }
  SECTION("all") {
    options.auto_shutdown = auto_shutdown::all_significant;
    auto sup = supervise(options, {a, b, worker("c")});
    auto reason = watch(sup);
    end("a", normal);
    CHECK(*reason == "");
    end("b", crash);
    CHECK(*reason == "");
    end("b", shutdown);
    CHECK(*reason == "shutdown");
  }
  SECTION("not when somebody else ended it") {
    options.auto_shutdown = auto_shutdown::any_significant;
    auto sup = supervise(options, {a, b});
    auto reason = watch(sup);
    REQUIRE(ask<acknowledged>(sup, terminate_child{"a"}));
    CHECK(*reason == "");
  }
}

TEST_CASE_METHOD(
  supervision_fixture,
  "a restarted supervisor brings back its static children only") {
  supervisor_options inner;
  inner.name = "inner";
  auto sup = supervise(with(strategy::one_for_one),
                       {supervisor_child(inner, {worker("a")}), worker("z")});
  auto below = caf::actor_cast<supervisor_actor>(names->find("root/inner"));
  REQUIRE(below);
  CHECK(start_error(below, worker("dynamic")) == errc::none);
  CHECK(states(below) == "a:running dynamic:running");
  auto reason = watch(below);
  end("a");
  end("a");
  CHECK(*reason == "shutdown");
  auto again = caf::actor_cast<supervisor_actor>(names->find("root/inner"));
  REQUIRE(again);
  CHECK(again != below);
  CHECK(states(again) == "a:running");
  CHECK(states(sup) == "inner:running z:running");
}

TEST_CASE_METHOD(supervision_fixture,
                 "a supervisor that is killed takes its children along") {
  supervisor_options inner;
  inner.name = "inner";
  auto sup = supervise(
    {},
    {supervisor_child(inner, {worker("a"), worker("b", manners::ignores)})});
  auto below = names->get<caf::actor>("root/inner");
  REQUIRE(below);
  exit_high(*below, caf::exit_reason::kill);
  run();
  CHECK(log->exits == strings{"a:killed", "b:killed"});
  CHECK(log->starts == strings{"a", "b", "a", "b"});
  CHECK(states(sup) == "inner:running");
}

TEST_CASE_METHOD(supervision_fixture,
                 "children that end by themselves during the stop are fine") {
  auto a = worker("a");
  auto slow = worker("slow", manners::ignores);
  slow.shutdown = shutdown_policy::within(1s);
  auto sup = supervise({}, {a, slow});
  auto reason = watch(sup);
  stop(sup);
  end("a", crash);
  CHECK(*reason == "");
  advance(1s);
  CHECK(*reason == "shutdown");
  CHECK(log->starts == strings{"a", "slow"});
}

TEST_CASE_METHOD(supervision_fixture,
                 "two that crash while a group restarts hold nobody up") {
  supervisor_options options;
  options.strategy = strategy::rest_for_one;
  options.intensity = 100;
  auto last = worker("d", manners::ignores);
  last.shutdown = shutdown_policy::within(1s);
  auto sup = supervise(options, {worker("a"), worker("b"), worker("c"), last});
  end("c");
  CHECK(states(sup).find("d:stopping") != std::string::npos);
  // Both ends wait for the group; the second is of one that the first, when its
  // turn comes, has stopped.
  end("a");
  end("b");
  advance(1s);
  CHECK(log->exits.back() == "d:killed");
  // Now the group of the first, with the second in it.
  advance(1s);
  CHECK(states(sup) == "a:running b:running c:running d:running");
}
