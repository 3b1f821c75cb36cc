#include "support.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/supervision/cascade.hpp>

#include <algorithm>
#include <thread>

// The record of failures, which an operator reads after the fact.

using namespace hololoom;
using namespace hololoom::test;

namespace {

lifecycle_event event(std::string path, transition what,
                      std::string reason = {}) {
  return {now(), std::move(path), what, 1, std::move(reason)};
}

/// "root/a 2x boom, 1 restarts"
std::string told(const child_failures& x) {
  return x.path + " " + std::to_string(x.times) + "x " + x.reason + ", "
       + std::to_string(x.restarts) + " restarts"
       + (x.gave_up ? ", given up" : "");
}

std::vector<std::string> told(const failure_record& record) {
  std::vector<std::string> result;
  for (const auto& x : record.lines())
    result.push_back(told(x));
  return result;
}

class failures_fixture : public supervision_fixture {
public:
  /// The reason of the last end of `path`, as the tree shows it.
  std::string last_reason(const supervisor_actor& sup, std::string_view path) {
    auto tree = ask<tree_snapshot>(sup, tree_query{});
    for (const auto& c : tree->children)
      if (c.path == path && c.last_reason)
        return *c.last_reason;
    return {};
  }
};

/// A child whose factory fails `times` times at most.
child_spec failing_start(child_spec spec, int times) {
  spec.start = [start = spec.start,
                left = std::make_shared<int>(times)](const start_context& ctx) {
    if (ctx.incarnation > 1 && (*left)-- > 0)
      return start_result::failure(failure(errc::io_error, "no disk"));
    return start(ctx);
  };
  return spec;
}

} // namespace

TEST_CASE("failures of one child are one line", "[core]") {
  failure_record record;
  record.enter(event("root/a", transition::exited, "boom"));
  record.enter(event("root/a", transition::restarting));
  record.enter(event("root/b", transition::exited, "normal"));
  record.enter(event("root/b", transition::restarting));
  record.enter(event("root/a", transition::exited, "bang"));
  record.enter(event("root/a", transition::gave_up, "too often"));
  record.enter(event("root/a", transition::killed, "killed"));
  CHECK(told(record)
        == std::vector<std::string>{"root/a 2x bang, 1 restarts, given up"});
  auto line = record.lines().at(0);
  CHECK(line.first <= line.last);
  CHECK(record.left_out() == 0);
}

TEST_CASE("however many fail, the first and the last have lines", "[core]") {
  failure_record record;
  for (auto i = 0; i < 1000; ++i)
    record.enter(event("root/" + std::to_string(i), transition::exited, "x"));
  record.enter(event("root/0", transition::exited, "y"));
  record.enter(event("root/900", transition::exited, "y"));
  record.enter(event("root/1000", transition::exited, "x"));
  auto lines = record.lines();
  REQUIRE(lines.size() == 200);
  CHECK(lines[0].path == "root/0");
  CHECK(lines[0].times == 2);
  CHECK(lines[99].path == "root/99");
  CHECK(lines[100].path == "root/902");
  CHECK(lines[198].path == "root/900");
  CHECK(lines[199].path == "root/1000");
  CHECK(record.left_out() == 801);
}

TEST_CASE("failures are entered and read by many threads", "[core]") {
  failure_record record;
  std::vector<std::thread> threads;
  for (auto t = 0; t < 4; ++t)
    threads.emplace_back([&record, t] {
      for (auto i = 0; i < 500; ++i) {
        auto path = "root/" + std::to_string(t) + "-" + std::to_string(i);
        record.enter(event(path, transition::exited, "x"));
        record.enter(event(path, transition::restarting));
        (void)record.lines();
      }
    });
  for (auto& x : threads)
    x.join();
  std::int64_t told = record.left_out();
  for (const auto& x : record.lines())
    told += x.times;
  CHECK(told == 2000);
}

TEST_CASE_METHOD(failures_fixture,
                 "a tree keeps the failures of its children, unasked") {
  supervisor_options options;
  options.intensity = 10;
  auto once = worker("once");
  once.restart = restart_type::temporary;
  auto weak = worker("weak");
  weak.give_up_after = restart_rate{1, 5s};
  auto sup = supervise(options, {worker("a"), once, weak,
                                 failing_start(worker("disk"), 2),
                                 worker("victim"), worker("done")});
  end("a");
  end("a");
  end("once");
  end("weak");
  end("weak");
  end("disk");
  exit_high(log->current["victim"], caf::exit_reason::kill);
  run();
  end("done", normal);
  end("done", shutdown);
  CHECK(told(names->failures())
        == strings{"root/a 2x crash, 2 restarts",
                   "root/once 1x crash, 0 restarts",
                   "root/weak 2x crash, 1 restarts, given up",
                   "root/disk 3x start failed: no disk, 3 restarts",
                   "root/victim 1x killed, 1 restarts"});
  stop(sup);
  CHECK(names->failures().lines().size() == 5);
}

TEST_CASE_METHOD(failures_fixture,
                 "a supervisor that gives up says for which child") {
  supervisor_options inner;
  inner.name = "group";
  inner.intensity = 0;
  auto sup = supervise({}, {supervisor_child(inner, {worker("a")})});
  end("a");
  CHECK(told(names->failures())
        == strings{"root/group/a 1x crash, 0 restarts, given up",
                   "root/group 1x shutdown after a failure: child 'a' of "
                   "root/group ended: crash, after more than 0 restarts "
                   "within 5000 ms, 1 restarts"});
}

TEST_CASE_METHOD(failures_fixture,
                 "a group that ends by itself says whose end began it") {
  supervisor_options inner;
  inner.name = "group";
  inner.auto_shutdown = auto_shutdown::any_significant;
  auto a = worker("a");
  a.restart = restart_type::temporary;
  a.significant = true;
  auto sup = supervise(
    {}, {supervisor_child(inner, {a, worker("b")}, restart_type::transient)});
  SECTION("in order") {
    end("a", normal);
    CHECK(last_reason(sup, "root/group")
          == "shutdown, as child 'a' of root/group ended: normal");
    CHECK(names->failures().lines().empty());
  }
  SECTION("by an error") {
    end("a");
    CHECK(last_reason(sup, "root/group")
          == "shutdown after a failure: child 'a' of root/group ended: crash");
    CHECK(names->failures().lines().size() == 2);
  }
  // A shutdown all the same: it is not started again.
  CHECK(states(sup) == "group:stopped");
}

TEST_CASE_METHOD(failures_fixture,
                 "a report says why a child crashed, and who was killed") {
  auto bad = worker("bad", manners::crashes);
  auto victim = worker("victim", manners::ignores);
  supervisor_options options;
  options.stop_order = stop_order::parallel;
  cascade_plan plan;
  plan.root = supervise(options, {bad, victim});
  plan.names = names;
  auto cascade = track(spawn_cascade(system, plan, false));
  auto report =
    begin_ask<shutdown_report>(cascade, begin_cascade{"test", "me"});
  // While it has its grace, somebody else kills it.
  exit_high(log->current["victim"], caf::exit_reason::kill);
  run();
  REQUIRE(report.ready());
  auto end = *report.get();
  auto find = [&](const std::string& path) {
    for (const auto& c : end.children)
      if (c.name == path)
        return c;
    return child_outcome{};
  };
  CHECK(find("root/bad").how == ended::crashed);
  CHECK(find("root/bad").reason == std::string{"boom"});
  CHECK(find("root/victim").how == ended::killed);
  CHECK(!find("root/victim").reason);
}
