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

/// A supervisor whose children's ends are kept, and a stand-in for a cascade.
class drain_fixture : public supervision_fixture {
public:
  drain_fixture() { names->ledger().keep_ends(); }

  /// What supervisors saw end.
  std::string ends() { return told(names->ledger().ends()); }

  /// The paths of those below the root that live, sorted.
  std::string left() {
    std::vector<std::string> paths;
    for (const auto& x : names->living("root"))
      if (!x.nested)
        paths.push_back(x.path);
    std::sort(paths.begin(), paths.end());
    std::string result;
    for (const auto& x : paths)
      result += (result.empty() ? "" : " ") + x;
    return result;
  }

  /// The same of `ends`, sorted, because siblings end in any order.
  std::string sorted_ends() {
    auto list = names->ledger().ends();
    std::sort(list.begin(), list.end(),
              [](auto& x, auto& y) { return x.name < y.name; });
    return told(list);
  }
};

} // namespace

TEST_CASE_METHOD(drain_fixture, "a drain answers when all are down") {
  auto sup = supervise({}, {worker("a"), worker("b", manners::normal),
                            worker("c", manners::crashes)});
  auto reply = ask<drained>(sup, drain_request{{}, now() + 5s});
  REQUIRE(reply);
  CHECK(!reply->excused);
  CHECK(ends() == "root/c:crashed root/b:normal root/a:shutdown");
  CHECK(left().empty());
  CHECK(log->starts.size() == 3);
  CHECK(start_error(sup, worker("d")) == errc::shutting_down);
  CHECK(!ask<child_started>(sup, restart_child{"a"}));
}

TEST_CASE_METHOD(drain_fixture,
                 "a drain kills no child and waits for the last") {
  auto sup =
    supervise(parallel(), {worker("a"), worker("stuck", manners::ignores)});
  auto reply = begin_ask<drained>(sup, drain_request{{}, now() + 5s});
  advance(1h);
  CHECK(!reply.ready());
  CHECK(ends() == "root/a:shutdown");
  CHECK(left() == "root/stuck");
  CHECK(log->exits == strings{"a:shutdown"});
  end("stuck", shutdown);
  CHECK(reply.ready());
}

TEST_CASE_METHOD(drain_fixture,
                 "in order, a slow child leaves the others their share") {
  auto slow = worker("c", manners::ignores);
  slow.shutdown = shutdown_policy::infinity();
  auto sup = supervise({}, {worker("a"), worker("b"), slow});
  auto reply = begin_ask<drained>(sup, drain_request{{}, now() + 6s});
  CHECK(log->exits.empty());
  advance(1999ms);
  CHECK(log->exits.empty());
  advance(1ms);
  CHECK(log->exits == strings{"b:shutdown", "a:shutdown"});
  CHECK(left() == "root/c");
  end("c", shutdown);
  CHECK(reply.ready());
}

TEST_CASE_METHOD(drain_fixture,
                 "a second drain with less time shortens the shares") {
  auto slow = worker("slow", manners::ignores);
  slow.shutdown = shutdown_policy::infinity();
  auto sup = supervise({}, {worker("a"), slow});
  auto first = begin_ask<drained>(sup, drain_request{{}, now() + 5s});
  advance(1s);
  CHECK(log->exits.empty());
  auto second = begin_ask<drained>(sup, drain_request{{}, now() + 100ms});
  advance(99ms);
  CHECK(log->exits.empty());
  advance(1ms);
  CHECK(log->exits == strings{"a:shutdown"});
  end("slow", shutdown);
  CHECK(first.ready());
  CHECK(second.ready());
}

TEST_CASE_METHOD(drain_fixture,
                 "named children are drained, the others run on unrestarted") {
  auto sup =
    supervise(parallel(), {worker("buffer"), worker("a"), worker("b")});
  REQUIRE(ask<drained>(sup, drain_request{{"a", "b"}, now() + 5s}));
  CHECK(ends() == "root/b:shutdown root/a:shutdown");
  CHECK(states(sup) == "buffer:running a:stopped b:stopped");
  REQUIRE(ask<drained>(sup, drain_request{{"buffer"}, now() + 5s, true}));
  CHECK(ends() == "root/b:shutdown root/a:shutdown root/buffer:shutdown");
}

TEST_CASE_METHOD(drain_fixture,
                 "children that crash while draining are not restarted") {
  auto sup =
    supervise(parallel(), {worker("a"), worker("stuck", manners::ignores)});
  begin_ask<drained>(sup, drain_request{{"stuck"}, now() + 5s});
  end("a");
  advance(5s);
  CHECK(log->starts.size() == 2);
  CHECK(states(sup) == "a:stopped stuck:stopping");
}

TEST_CASE_METHOD(drain_fixture,
                 "children that are abandoned let their supervisors end") {
  auto thread = worker("thread");
  thread.kind = "blocking";
  thread.start = [this](const start_context& ctx) {
    return start_result::started(make(ctx, manners::ignores),
                                 std::make_shared<thread_like>());
  };
  auto sup = supervise(
    parallel(), {worker("a"), supervisor_child(parallel("inner"), {thread})});
  auto reason = watch(sup);
  auto reply = begin_ask<drained>(sup, drain_request{{}, now() + 1s, true});
  advance(1s);
  CHECK(!reply.ready());
  tell(caf::actor_cast<caf::actor>(names->supervisor("root/inner")),
       abandon_children{{"thread", "unknown"}});
  CHECK(reply.ready());
  CHECK(*reason == "shutdown");
  auto list = names->ledger().ends();
  CHECK(told(list)
        == "root/a:shutdown root/inner/thread:abandoned root/inner:shutdown");
  CHECK(list[1].kind == "blocking");
  REQUIRE(list[1].doing);
  CHECK(list[1].doing->find("counting sheep for") == 0);
  // It still is there, and the ledger says so until it has ended.
  auto& ledger = names->ledger();
  ledger.forget_ended();
  REQUIRE(ledger.abandoned().size() == 1);
  CHECK(ledger.abandoned()[0].path == "root/inner/thread");
}

TEST_CASE_METHOD(drain_fixture,
                 "a supervisor that is killed leaves its children to the "
                 "ledger") {
  auto sup = supervise(parallel(), {worker("a"), worker("b")});
  exit_high(sup, caf::exit_reason::kill);
  run();
  CHECK(names->ledger().abandoned().size() == 2);
  names->ledger().forget_ended();
  CHECK(names->ledger().abandoned().empty());
}

TEST_CASE_METHOD(drain_fixture, "a drain goes down into the tree") {
  auto tree = parallel();
  auto inner = parallel("inner");
  auto deep = parallel("deep");
  auto sup = supervise(
    tree, {worker("a"),
           supervisor_child(
             inner, {worker("b"), worker("s1", manners::ignores),
                     supervisor_child(
                       deep, {worker("s2", manners::ignores), worker("c")})})});
  auto reply = begin_ask<drained>(sup, drain_request{{}, now() + 5s, true});
  advance(5s);
  CHECK(!reply.ready());
  CHECK(left() == "root/inner/deep/s2 root/inner/s1");
  CHECK(sorted_ends()
        == "root/a:shutdown root/inner/b:shutdown root/inner/deep/c:shutdown");
  auto reason = watch(sup);
  end("s2", shutdown);
  end("s1", shutdown);
  CHECK(reply.ready());
  CHECK(*reason == "shutdown");
}

TEST_CASE_METHOD(drain_fixture, "a tree that drains in time ends by itself") {
  auto sup = supervise(
    parallel(), {worker("a"), supervisor_child(parallel("inner"),
                                               {worker("b"), worker("c")})});
  auto reason = watch(sup);
  REQUIRE(ask<drained>(sup, drain_request{{}, now() + 5s, true}));
  CHECK(sorted_ends()
        == "root/a:shutdown root/inner:shutdown root/inner/b:shutdown "
           "root/inner/c:shutdown");
  CHECK(*reason == "shutdown");
}

TEST_CASE_METHOD(
  drain_fixture,
  "very many that ended well are summed up by kind, others are listed") {
  std::vector<child_spec> children;
  for (auto i = 0; i < 1500; ++i) {
    children.push_back(worker("w" + std::to_string(i),
                              i == 700 ? manners::crashes : manners::obeys));
    children.back().kind = i % 2 == 0 ? "coroutine" : "actor";
  }
  auto sup = supervise(parallel(), children);
  REQUIRE(ask<drained>(sup, drain_request{{}, now() + 5s}));
  auto list = names->ledger().ends();
  REQUIRE(list.size() == 3);
  CHECK(list[0].name == "root/w700");
  CHECK(list[0].how == ended::crashed);
  std::sort(list.begin() + 1, list.end(),
            [](auto& x, auto& y) { return x.name < y.name; });
  CHECK(list[1].name == "749 coroutine children");
  CHECK(list[2].name == "750 actor children");
}

TEST_CASE_METHOD(drain_fixture,
                 "a drain in the middle of a start or a restart ends it") {
  auto pending = worker("p");
  pending.start = [this](const start_context& ctx) {
    return start_result::pending(make(ctx));
  };
  auto flaky = worker("f");
  flaky.backoff = {1s, 1s};
  SECTION("start") {
    auto sup = supervise(parallel(), {worker("a"), pending, worker("never")});
    REQUIRE(ask<drained>(sup, drain_request{{}, now() + 5s, true}));
    CHECK(ends() == "root/p:shutdown root/a:shutdown");
    CHECK(log->starts == strings{"a", "p"});
  }
  SECTION("restart") {
    auto sup = supervise(parallel(), {flaky});
    end("f");
    REQUIRE(ask<drained>(sup, drain_request{{}, now() + 5s, true}));
    advance(10s);
    CHECK(log->starts == strings{"f"});
  }
}

TEST_CASE_METHOD(drain_fixture,
                 "an ordinary stop after a drain ends what is left") {
  auto stuck = worker("stuck", manners::ignores);
  stuck.shutdown = shutdown_policy::within(2s);
  auto sup = supervise(parallel(), {stuck});
  begin_ask<drained>(sup, drain_request{{}, now() + 1s});
  advance(1s);
  auto reason = watch(sup);
  stop(sup);
  advance(1999ms);
  CHECK(*reason == "");
  advance(1ms);
  CHECK(*reason == "shutdown");
  CHECK(log->exits == strings{"stuck:killed"});
}

TEST_CASE_METHOD(drain_fixture,
                 "of those that did not end well, the first thousand of a kind "
                 "are named") {
  auto& ledger = names->ledger();
  for (auto i = 0; i < 1500; ++i)
    ledger.enter_end({"root/w" + std::to_string(i), "actor", ended::killed,
                      millis{i}, true, nothing});
  ledger.enter_end(
    {"root/p", "process", ended::killed, millis{1}, true, nothing});
  auto list = ledger.ends();
  REQUIRE(list.size() == 1002);
  CHECK(list[999].name == "root/w999");
  CHECK(list[1000].name == "root/p");
  CHECK(list[1001].name == "500 more actor children");
  CHECK(list[1001].how == ended::killed);
  CHECK(list[1001].took == millis{1499});
}
