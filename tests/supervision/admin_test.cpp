#include "support.hpp"
#include "support/catch.hpp"

#include <array>
#include <cmath>

using namespace hololoom;
using namespace hololoom::test;

namespace {

start_child with(child_spec spec) {
  return {std::make_shared<const child_spec>(std::move(spec))};
}

template <class T>
errc error_of(const caf::expected<T>& x) {
  return x ? errc::none : code_of(x.error());
}

} // namespace

TEST_CASE_METHOD(supervision_fixture,
                 "children are started, terminated, restarted and deleted") {
  auto sup = supervise({}, {worker("a")});
  auto b = ask<child_started>(sup, with(worker("b")));
  REQUIRE(b);
  CHECK(b->name == "b");
  CHECK(b->incarnation == 1);
  CHECK(caf::actor_cast<caf::actor>(b->handle) == log->current["b"]);
  CHECK(error_of(ask<child_started>(sup, with(worker("b"))))
        == errc::already_started);
  CHECK(error_of(ask<child_started>(sup, restart_child{"b"}))
        == errc::child_running);
  CHECK(error_of(ask<acknowledged>(sup, delete_child{"b"}))
        == errc::child_running);
  REQUIRE(ask<acknowledged>(sup, terminate_child{"b"}));
  CHECK(log->exits == strings{"b:shutdown"});
  REQUIRE(ask<acknowledged>(sup, terminate_child{"b"}));
  CHECK(error_of(ask<child_started>(sup, with(worker("b"))))
        == errc::already_present);
  CHECK(ask<child_started>(sup, restart_child{"b"})->incarnation == 2);
  REQUIRE(ask<acknowledged>(sup, terminate_child{"b"}));
  REQUIRE(ask<acknowledged>(sup, delete_child{"b"}));
  CHECK(states(sup) == "a:running");
  CHECK(error_of(ask<acknowledged>(sup, delete_child{"b"})) == errc::not_found);
  CHECK(error_of(ask<acknowledged>(sup, terminate_child{"b"}))
        == errc::not_found);
  CHECK(error_of(ask<child_started>(sup, restart_child{"b"}))
        == errc::not_found);
}

TEST_CASE_METHOD(supervision_fixture,
                 "children are counted as OTP counts them") {
  auto s = worker("s");
  s.type = child_type::supervisor;
  auto ignored = worker("i");
  ignored.start = [](const start_context&) {
    return start_result::ignore();
  };
  auto sup = supervise({}, {worker("a"), s, ignored});
  CHECK(*ask<child_counts>(sup, count_children{}) == child_counts{3, 2, 1, 2});
  REQUIRE(ask<acknowledged>(sup, terminate_child{"s"}));
  CHECK(*ask<child_counts>(sup, count_children{}) == child_counts{3, 1, 1, 2});
  REQUIRE(ask<acknowledged>(sup, delete_child{"s"}));
  CHECK(*ask<child_counts>(sup, count_children{}) == child_counts{2, 1, 0, 2});
}

TEST_CASE_METHOD(supervision_fixture,
                 "one whose start is pending does not count as active") {
  start_context pending;
  auto slow = worker("slow");
  slow.start = [&](const start_context& ctx) {
    pending = ctx;
    return start_result::pending(make(ctx));
  };
  auto sup = supervise({}, {worker("a")});
  auto counts = [&] {
    return *ask<child_counts>(sup, count_children{});
  };
  auto answers = [&] {
    return std::array{error_of(ask<child_started>(sup, with(slow))),
                      error_of(ask<child_started>(sup, restart_child{"slow"})),
                      error_of(ask<acknowledged>(sup, delete_child{"slow"}))};
  };
  constexpr std::array while_pending{
    errc::already_present, errc::child_restarting, errc::child_restarting};
  auto started = begin_ask<child_started>(sup, with(slow));
  CHECK(counts() == child_counts{2, 1, 0, 2});
  CHECK(answers() == while_pending);
  pending.ready();
  run();
  CHECK(started.ready());
  CHECK(counts() == child_counts{2, 2, 0, 2});
  CHECK(answers()
        == std::array{errc::already_started, errc::child_running,
                      errc::child_running});
  end("slow");
  CHECK(states(sup) == "a:running slow:starting");
  CHECK(counts() == child_counts{2, 1, 0, 2});
  CHECK(answers() == while_pending);
  auto gone = begin_ask<acknowledged>(sup, terminate_child{"slow"});
  CHECK(gone.ready());
  CHECK(counts() == child_counts{2, 1, 0, 2});
  CHECK(ask<acknowledged>(sup, delete_child{"slow"}));
  CHECK(counts() == child_counts{1, 1, 0, 1});
}

TEST_CASE_METHOD(supervision_fixture,
                 "one child, and its spec, can be asked for") {
  auto b = worker("b");
  b.restart = restart_type::transient;
  auto sup = supervise({}, {worker("a"), b});
  end("b", normal);
  auto info = ask<child_info>(sup, which_child{"a"});
  REQUIRE(info);
  CHECK(info->state == child_state::running);
  CHECK(caf::actor_cast<caf::actor>(info->handle) == log->current["a"]);
  CHECK(ask<child_info>(sup, which_child{"b"})->state == child_state::stopped);
  auto spec = ask<known_spec>(sup, get_childspec{"b"});
  REQUIRE(spec);
  CHECK(spec->spec->restart == restart_type::transient);
  CHECK(error_of(ask<child_info>(sup, which_child{"c"})) == errc::not_found);
  CHECK(error_of(ask<known_spec>(sup, get_childspec{"c"})) == errc::not_found);
}

TEST_CASE_METHOD(supervision_fixture,
                 "it answers while a child is being stopped") {
  auto slow = worker("slow", manners::ignores);
  slow.shutdown = shutdown_policy::within(2s);
  auto sup = supervise({}, {worker("a"), slow});
  auto gone = begin_ask<acknowledged>(sup, terminate_child{"slow"});
  CHECK(states(sup) == "a:running slow:stopping");
  CHECK(start_error(sup, worker("b")) == errc::none);
  auto again = begin_ask<child_started>(sup, restart_child{"slow"});
  advance(1999ms);
  CHECK(!gone.ready());
  CHECK(!again.ready());
  CHECK(log->exits.empty());
  advance(1ms);
  CHECK(gone.ready());
  CHECK(log->exits == strings{"slow:killed"});
  // What was asked meanwhile for the same child comes after.
  REQUIRE(again.ready());
  CHECK(again.get()->incarnation == 2);
}

TEST_CASE_METHOD(
  supervision_fixture,
  "it answers while a group is restarted, and does the rest after") {
  supervisor_options options;
  options.strategy = strategy::one_for_all;
  auto slow = worker("slow", manners::ignores);
  slow.shutdown = shutdown_policy::within(1s);
  auto sup = supervise(options, {worker("a"), slow});
  end("a");
  CHECK(states(sup) == "a:stopped slow:stopping");
  auto started = begin_ask<child_started>(sup, with(worker("b")));
  CHECK(!started.ready());
  advance(1s);
  CHECK(started.ready());
  CHECK(states(sup) == "a:running slow:running b:running");
  CHECK(log->starts == strings{"a", "slow", "a", "slow", "b"});
}

TEST_CASE_METHOD(supervision_fixture,
                 "a failed start at run time records nothing") {
  auto sup = supervise({}, {});
  auto bad = worker("b");
  bad.start = [](const start_context&) {
    return start_result::failure(failure(errc::io_error, "no disk"));
  };
  auto answer = ask<child_started>(sup, with(bad));
  REQUIRE(!answer);
  CHECK(explain(answer.error()) == "child 'b' of root did not start: no disk");
  CHECK(states(sup) == "");
  bad.start = [](const start_context&) {
    return start_result::ignore();
  };
  auto ignored = ask<child_started>(sup, with(bad));
  REQUIRE(ignored);
  CHECK(!ignored->handle);
  CHECK(states(sup) == "b:stopped");
}

TEST_CASE_METHOD(supervision_fixture,
                 "invalid specs are refused with the field that is wrong") {
  auto sup = supervise({}, {});
  auto refused = [&](auto change) {
    auto spec = worker("x");
    change(spec);
    auto answer = ask<child_started>(sup, with(spec));
    CHECK(error_of(answer) == errc::invalid_spec);
    return answer ? "" : explain(answer.error());
  };
  CHECK(refused([](auto& s) { s.name = ""; }).find(": name is missing")
        != std::string::npos);
  CHECK(refused([](auto& s) { s.name = "a/b"; }).find("name must not contain")
        != std::string::npos);
  CHECK(refused([](auto& s) { s.start = nullptr; }).find("start is missing")
        != std::string::npos);
  CHECK(refused([](auto& s) {
          s.restart = static_cast<restart_type>(9);
        }).find("restart must be")
        != std::string::npos);
  CHECK(refused([](auto& s) {
          s.shutdown = shutdown_policy::within(-1s);
        }).find("shutdown must not be negative")
        != std::string::npos);
  CHECK(refused([](auto& s) {
          s.significant = true;
        }).find("significant is of no use")
        != std::string::npos);
  CHECK(refused([](auto& s) {
          s.backoff = {2s, 1s};
        }).find("backoff.max")
        != std::string::npos);
  CHECK(refused([](auto& s) {
          s.backoff = {1s, 2s, 0.5};
        }).find("backoff.factor")
        != std::string::npos);
  CHECK(refused([](auto& s) {
          s.backoff = {1s, 2s, 2, 1.5};
        }).find("backoff.jitter")
        != std::string::npos);
  CHECK(refused([](auto& s) {
          s.backoff = {1s, 2s, std::nan("")};
        }).find("child 'x' of 'root': backoff.factor")
        != std::string::npos);
  CHECK(refused([](auto& s) {
          s.backoff = {1s, 2s, 2, std::nan("")};
        }).find("backoff.jitter")
        != std::string::npos);
  CHECK(refused([](auto& s) {
          s.backoff = {0s, -1s};
        }).find("backoff.max")
        != std::string::npos);
  CHECK(refused([](auto& s) {
          s.backoff = {1s, 2s};
          s.give_up_after = restart_rate{0, 5s};
        }).find("backoff has no restart to wait for: give_up_after is 0")
        != std::string::npos);
  CHECK(refused([](auto& s) {
          s.shutdown = shutdown_policy{static_cast<shutdown_policy::mode>(7)};
        }).find("shutdown must be limit, brutal_kill or infinity")
        != std::string::npos);
  CHECK(refused([](auto& s) { s.stop_bound = -1s; }).find("stop_bound")
        != std::string::npos);
  CHECK(refused([](auto& s) { s.flaw = "it needs a function"; })
        == "child 'x' of 'root': it needs a function");
  CHECK(refused([](auto& s) {
          s.start = [](const start_context&) {
            return start_result::failure(
              failure(errc::invalid_spec, "no such function"));
          };
        })
        == "child 'x' of root did not start: no such function");
}

TEST_CASE("invalid supervisors are refused with OTP's tags") {
  supervisor_options good;
  auto flaw = [](supervisor_options o, std::vector<child_spec> children = {}) {
    auto p = check(o, children);
    return p ? std::string{name_of(p->flaw)} : "none";
  };
  child_spec child;
  child.name = "a";
  child.start = [](const start_context&) {
    return start_result::ignore();
  };
  CHECK(flaw(good, {child}) == "none");
  auto o = good;
  o.strategy = static_cast<strategy>(9);
  CHECK(flaw(o) == "invalid_strategy");
  o = good;
  o.intensity = -1;
  CHECK(flaw(o) == "invalid_intensity");
  o = good;
  o.period = caf::timespan{0};
  CHECK(flaw(o) == "invalid_period");
  o = good;
  o.auto_shutdown = static_cast<auto_shutdown>(9);
  CHECK(flaw(o) == "invalid_auto_shutdown");
  o = good;
  o.stop_order = static_cast<stop_order>(9);
  CHECK(flaw(o) == "invalid_stop_order");
  o = good;
  o.name = "a/b";
  CHECK(flaw(o) == "invalid_name");
  o = good;
  o.max_children = -1;
  CHECK(flaw(o) == "invalid_max_children");
  o.max_children = 1;
  auto other = child;
  other.name = "b";
  CHECK(flaw(o, {child, other}) == "invalid_max_children");
  o = good;
  o.intensity = 0;
  auto patient = child;
  patient.backoff = {std::chrono::seconds{1}, std::chrono::seconds{1}};
  CHECK(flaw(o, {patient}) == "bad_combination");
  patient.give_up_after = restart_rate{1, std::chrono::seconds{1}};
  CHECK(flaw(o, {patient}) == "none");
  CHECK(flaw(good, {child, child}) == "duplicate_child_name");
  o = good;
  o.strategy = strategy::simple_one_for_one;
  CHECK(flaw(o) == "bad_start_spec");
  CHECK(flaw(o, {child}) == "none");
  o = good;
  o.auto_shutdown = auto_shutdown::any_significant;
  auto significant = child;
  significant.significant = true;
  CHECK(flaw(o, {significant}) == "bad_combination");
  significant.restart = restart_type::transient;
  CHECK(flaw(o, {significant}) == "none");
}

TEST_CASE("a tree whose limits cannot fit into one is refused") {
  using namespace std::chrono_literals;
  child_spec child;
  child.name = "a";
  child.start = [](const start_context&) {
    return start_result::ignore();
  };
  child.shutdown = shutdown_policy::within(3s);
  auto other = child;
  other.name = "b";
  supervisor_options o;
  o.stop_limit = 5s;
  auto p = check(o, std::vector{child, other});
  REQUIRE(p);
  CHECK(p->field == "stop_limit");
  CHECK(p->sentence.find("5000 ms is too short") != std::string::npos);
  o.stop_order = stop_order::parallel;
  CHECK(!check(o, std::vector{child, other}));
  other.shutdown = shutdown_policy::infinity();
  CHECK(check(o, std::vector{child, other}));
}
