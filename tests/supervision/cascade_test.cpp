#include "supervision/support.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/messages/caf/local_message.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace hololoom;
using namespace hololoom::test;

namespace {

/// What a buffer does with a flush.
struct flush_script {
  /// When it acknowledges; never if it is left out.
  std::optional<std::chrono::milliseconds> done;
  /// Until when it reports progress, every 200 ms.
  std::chrono::milliseconds moves_for{0};
  caf::error error;
  /// How long it takes to tell its status.
  std::chrono::milliseconds status_after{0};
};

struct script_status {};
struct script_tick {
  std::int64_t number = 0;
};
struct script_done {};

} // namespace

HOLOLOOM_LOCAL_MESSAGE(2000, script_status)
HOLOLOOM_LOCAL_MESSAGE(2001, script_tick)
HOLOLOOM_LOCAL_MESSAGE(2002, script_done)

namespace {

/// The part of a buffer that a cascade speaks with, flushing by a script.
struct scripted_buffer {
  scripted_buffer(caf::event_based_actor* me, flush_script what,
                  std::shared_ptr<int> count)
    : self(me), script(std::move(what)), flushes(std::move(count)) {}

  caf::behavior make_behavior() {
    return {[this](const flush_request& x) { return flush(x); },
            [this](const reflection_status_query&) {
              asked = self->make_response_promise<reflection_status>();
              self->delayed_send(self, script.status_after, script_status{});
              return asked;
            },
            [this](script_status) {
              reflection_status status;
              status.late_stores = 3;
              asked.deliver(status);
            },
            [this](script_tick x) {
              caf::anon_send(caf::actor_cast<caf::actor>(asker),
                             flush_progress{x.number, 0});
              if (x.number * 200ms < script.moves_for)
                self->delayed_send(self, 200ms, script_tick{x.number + 1});
            },
            [this](script_done) {
              if (script.error)
                promise.deliver(script.error);
              else
                promise.deliver(flush_ack{7, 42});
            }};
  }

  caf::result<flush_ack> flush(const flush_request& x) {
    *flushes += x.seal ? 1 : 100;
    asker = self->current_sender();
    promise = self->make_response_promise<flush_ack>();
    if (script.done)
      self->delayed_send(self, *script.done, script_done{});
    if (script.moves_for > 0ms)
      self->delayed_send(self, 200ms, script_tick{1});
    return promise;
  }

  caf::event_based_actor* self;
  flush_script script;
  std::shared_ptr<int> flushes;
  caf::strong_actor_ptr asker;
  caf::typed_response_promise<flush_ack> promise;
  caf::typed_response_promise<reflection_status> asked;
};

class cascade_fixture : public supervision_fixture {
public:
  /// A root over a scripted buffer and the producers given.
  void open(flush_script script, std::vector<child_spec> producers) {
    child_spec store;
    store.name = "reflection";
    store.start = [this, script](const start_context&) {
      return start_result::started(
        spawn<scripted_buffer, caf::actor>(script, flushes));
    };
    plan.stores = {"reflection"};
    producers.insert(producers.begin(), std::move(store));
    supervisor_options options;
    options.strategy = strategy::rest_for_one;
    options.stop_order = stop_order::parallel;
    plan.root = supervise(options, std::move(producers));
    plan.names = names;
    plan.buffer = [this] {
      return caf::actor_cast<flushing_actor>(names->find("root/reflection"));
    };
    plan.on_phase = [this](cascade_phase x) {
      phases.emplace_back(name_of(x));
    };
  }

  pending_answer<shutdown_report> begin(std::string reason = "test") {
    if (!cascade)
      cascade = track(spawn_cascade(system, plan, false));
    return begin_ask<shutdown_report>(cascade,
                                      begin_cascade{std::move(reason), "me"});
  }

  std::optional<child_outcome> find(const shutdown_report& report,
                                    const std::string& name) {
    for (const auto& x : report.children)
      if (x.name == name)
        return x;
    return std::nullopt;
  }

  cascade_plan plan;
  caf::actor cascade;
  std::shared_ptr<int> flushes = std::make_shared<int>(0);
  strings phases;
};

} // namespace

TEST_CASE_METHOD(cascade_fixture,
                 "a plan without the tree's directory or root is refused") {
  open({.done = 0ms}, {worker("a")});
  SECTION("directory") {
    plan.names = nullptr;
  }
  SECTION("root") {
    plan.root = nullptr;
  }
  auto report = begin();
  advance(0ms);
  REQUIRE(report.ready());
  CHECK(is(report.get().error(), errc::invalid_spec));
  CHECK(phases.empty());
}

TEST_CASE_METHOD(cascade_fixture,
                 "a child that was added to the root is told to end, too") {
  open({.done = 0ms}, {worker("a")});
  REQUIRE(ask<child_started>(
    plan.root, start_child{std::make_shared<child_spec>(worker("added"))}));
  auto report = begin();
  advance(0ms);
  REQUIRE(report.ready());
  REQUIRE(find(*report.get(), "root/added"));
  CHECK(find(*report.get(), "root/added")->how == ended::shutdown);
  CHECK(report.get()->exit_code == 0);
}

TEST_CASE_METHOD(cascade_fixture, "an idle tree is down without time passing") {
  open({.done = 0ms}, {worker("a"), worker("b")});
  auto report = begin();
  advance(0ms);
  REQUIRE(report.ready());
  CHECK(phases == strings{"refuse", "signal", "flush", "force", "stores"});
  CHECK(report.get()->total == millis{0});
  CHECK(report.get()->flush.acknowledged);
  CHECK(report.get()->flush.episodes == 7);
  CHECK(report.get()->late_stores == 3);
  CHECK(!report.get()->first_force_at);
  CHECK(report.get()->exit_code == 0);
  CHECK(*flushes == 1);
  for (auto name : {"root/a", "root/b", "root/reflection"}) {
    INFO(name);
    REQUIRE(find(*report.get(), name));
    CHECK(find(*report.get(), name)->how == ended::shutdown);
  }
}

TEST_CASE_METHOD(cascade_fixture,
                 "the grace is given to the millisecond, and no more") {
  open({.done = 0ms}, {worker("good"), worker("bad", manners::ignores)});
  auto report = begin();
  advance(4'999ms);
  CHECK(phases.back() == "signal");
  CHECK(*flushes == 0);
  advance(1ms);
  CHECK(*flushes == 1);
  REQUIRE(report.ready());
  CHECK(find(*report.get(), "root/good")->took == millis{0});
  auto bad = find(*report.get(), "root/bad");
  CHECK(bad->how == ended::killed);
  CHECK(bad->forced);
  // Its time was over: that is no end in order, though nothing is left.
  CHECK(report.get()->abandoned.empty());
  CHECK(report.get()->exit_code == 75);
}

TEST_CASE_METHOD(cascade_fixture, "force comes after the acknowledged flush") {
  open({.done = 900ms}, {worker("bad", manners::ignores)});
  auto down = watch(log->current["bad"]);
  auto report = begin();
  advance(5'899ms);
  CHECK(down->empty());
  advance(1ms);
  CHECK(*down == "killed");
  REQUIRE(report.ready());
  CHECK(report.get()->flush.at == millis{5'900});
  CHECK(report.get()->first_force_at == millis{5'900});
}

TEST_CASE_METHOD(cascade_fixture,
                 "who ends during the flush was not forced, nor anybody") {
  open({.done = 900ms}, {worker("late", manners::ignores)});
  auto report = begin();
  advance(5'500ms);
  end("late", shutdown);
  advance(400ms);
  REQUIRE(report.ready());
  CHECK(report.get()->flush.at == millis{5'900});
  CHECK(!report.get()->first_force_at);
  auto late = find(*report.get(), "root/late");
  REQUIRE(late);
  CHECK(late->how == ended::shutdown);
  CHECK_FALSE(late->forced);
}

TEST_CASE_METHOD(cascade_fixture,
                 "a flush of three times the grace is waited for if it moves") {
  open({.done = 15'000ms, .moves_for = 15'000ms}, {worker("a")});
  plan.limits.flush_stall = millis{500};
  auto report = begin();
  advance(14'999ms);
  CHECK(!report.ready());
  advance(1ms);
  REQUIRE(report.ready());
  CHECK(report.get()->flush.acknowledged);
  CHECK(report.get()->exit_code == 0);
}

TEST_CASE_METHOD(cascade_fixture,
                 "a flush that stands still is given up at its limit") {
  open({.done = std::nullopt}, {worker("a")});
  auto report = begin();
  advance(9'999ms);
  CHECK(phases.back() == "flush");
  advance(1ms);
  CHECK(phases.back() == "stores");
  REQUIRE(report.ready());
  CHECK(!report.get()->flush.acknowledged);
  CHECK(report.get()->flush.error->find("stood still for 10000 ms")
        != std::string::npos);
  CHECK(report.get()->exit_code == 74);
}

TEST_CASE_METHOD(cascade_fixture,
                 "a flush that stops moving is given up a limit later") {
  open({.done = std::nullopt, .moves_for = 3'000ms}, {worker("a")});
  plan.limits.flush_stall = millis{2'000};
  auto report = begin();
  advance(4'999ms);
  CHECK(!report.ready());
  advance(1ms);
  CHECK(report.ready());
}

TEST_CASE_METHOD(cascade_fixture,
                 "a flush that fails is reported, not hidden") {
  open({.done = 0ms, .error = failure(errc::disk_full, "no space is left")},
       {worker("a")});
  auto report = begin();
  advance(1ms);
  REQUIRE(report.ready());
  CHECK(report.get()->flush.error == std::string{"no space is left"});
  CHECK(report.get()->phases[2].error == std::string{"no space is left"});
  CHECK(phases.back() == "stores");
  CHECK(report.get()->exit_code == 74);
}

TEST_CASE_METHOD(cascade_fixture,
                 "a buffer that tells its status late closes no store twice") {
  open({.done = 0ms, .status_after = 1'500ms},
       {worker("yarn", manners::ignores), worker("a")});
  plan.stores = {"reflection", "yarn"};
  auto report = begin();
  // The slack for the status is over: the last store is closed without it.
  advance(1'000ms);
  auto first =
    watch(caf::actor_cast<caf::actor>(names->find("root/reflection")));
  // The status comes; one store closes at a time all the same.
  advance(2'000ms);
  CHECK(first->empty());
  end("yarn", shutdown);
  CHECK(*first == "shutdown");
  REQUIRE(report.ready());
  CHECK(report.get()->late_stores == 3);
  CHECK(find(*report.get(), "root/yarn")->how == ended::shutdown);
  CHECK(find(*report.get(), "root/reflection")->how == ended::shutdown);
}

TEST_CASE_METHOD(cascade_fixture,
                 "a root that does not answer keeps no child alive, and is "
                 "named") {
  std::vector<child_spec> children{worker("good"),
                                   worker("bad", manners::ignores)};
  for (auto& x : children)
    x.restart = restart_type::temporary;
  open({.done = 0ms}, std::move(children));
  auto real = plan.root;
  // Stands for a root that is stuck: it hears nothing.
  auto deaf = track(system.spawn([](caf::event_based_actor* self) {
    self->set_exit_handler([](const caf::exit_msg&) {});
    return caf::behavior{[self](const drain_request&) {
      return self->make_response_promise<drained>();
    }};
  }));
  plan.root = caf::actor_cast<supervisor_actor>(deaf);
  auto report = begin();
  advance(1'249ms);
  CHECK(log->exits.empty());
  // A quarter of the grace is over, and nobody has asked them.
  advance(1ms);
  CHECK(log->exits == strings{"good:shutdown"});
  advance(3'750ms);
  CHECK(phases.back() == "force");
  CHECK(log->exits.back() == "bad:killed");
  // Nothing tells of their ends: they are looked at every 10 ms.
  advance(110ms);
  REQUIRE(report.ready());
  CHECK(report.get()->total == millis{5'110});
  CHECK(report.get()->flush.acknowledged);
  CHECK(find(*report.get(), "root/good")->how == ended::shutdown);
  CHECK(find(*report.get(), "root/bad")->how == ended::killed);
  CHECK(find(*report.get(), "root/reflection")->how == ended::shutdown);
  CHECK(report.get()->abandoned == strings{"root"});
  CHECK(report.get()->exit_code == 75);
}

TEST_CASE_METHOD(cascade_fixture,
                 "only what does not end is killed, and no healthy parent") {
  supervisor_options inner;
  inner.name = "inner";
  supervisor_options deep;
  deep.name = "deep";
  open({.done = 0ms},
       {supervisor_child(
         inner, {worker("b"), worker("s1", manners::ignores),
                 supervisor_child(
                   deep, {worker("s2", manners::ignores), worker("c")})})});
  auto report = begin();
  advance(5s);
  REQUIRE(report.ready());
  for (auto name : {"root/inner/s1", "root/inner/deep/s2"}) {
    INFO(name);
    REQUIRE(find(*report.get(), name));
    CHECK(find(*report.get(), name)->how == ended::killed);
    CHECK(find(*report.get(), name)->forced);
  }
  for (auto name :
       {"root/inner", "root/inner/deep", "root/inner/b", "root/inner/deep/c"}) {
    INFO(name);
    REQUIRE(find(*report.get(), name));
    CHECK(find(*report.get(), name)->how == ended::shutdown);
    CHECK(!find(*report.get(), name)->forced);
  }
  CHECK(report.get()->exit_code == 75);
}

TEST_CASE_METHOD(cascade_fixture, "a thread that does not return is abandoned, "
                                  "with what it was doing") {
  auto probe = std::make_shared<thread_like>();
  auto thread = worker("thread");
  thread.kind = "blocking";
  thread.start = [this, probe](const start_context& ctx) {
    return start_result::started(make(ctx, manners::ignores), probe);
  };
  open({.done = 0ms}, {worker("asleep", manners::ignores), thread});
  auto report = begin();
  advance(5s);
  CHECK(probe->forces == 1);
  CHECK(!report.ready());
  SECTION("one that returns in time was killed") {
    advance(100ms);
    probe->running = false;
    advance(10ms);
    REQUIRE(report.ready());
    CHECK(find(*report.get(), "root/thread")->how == ended::killed);
    CHECK(report.get()->abandoned.empty());
    CHECK(report.get()->exit_code == 75);
  }
  SECTION("one that does not is named") {
    advance(249ms);
    CHECK(!report.ready());
    advance(1ms);
    REQUIRE(report.ready());
    auto outcome = find(*report.get(), "root/thread");
    CHECK(outcome->how == ended::abandoned);
    CHECK(outcome->kind == "blocking");
    REQUIRE(outcome->doing);
    CHECK(outcome->doing->find("counting sheep for") == 0);
    CHECK(report.get()->abandoned == strings{"root/thread"});
    CHECK(report.get()->exit_code == 75);
  }
  CHECK(find(*report.get(), "root/asleep")->how == ended::killed);
}

TEST_CASE_METHOD(cascade_fixture,
                 "a child that was abandoned before is named if it still is "
                 "there") {
  auto probe = std::make_shared<thread_like>();
  auto thread = worker("thread");
  thread.shutdown = shutdown_policy::within(100ms);
  thread.start = [this, probe](const start_context& ctx) {
    return start_result::started(make(ctx, manners::ignores), probe);
  };
  open({.done = 0ms}, {worker("a"), thread});
  begin_ask<acknowledged>(plan.root, terminate_child{"thread"});
  advance(1s);
  CHECK(names->find("root/thread") == nullptr);
  SECTION("and not if it has returned") {
    probe->running = false;
    auto report = begin();
    advance(0ms);
    REQUIRE(report.ready());
    CHECK(report.get()->abandoned.empty());
    CHECK(report.get()->exit_code == 0);
  }
  SECTION("as it is") {
    auto report = begin();
    advance(250ms);
    REQUIRE(report.ready());
    CHECK(report.get()->abandoned == strings{"root/thread"});
    REQUIRE(find(*report.get(), "root/thread"));
    CHECK(find(*report.get(), "root/thread")->how == ended::abandoned);
    CHECK(report.get()->exit_code == 75);
  }
}

TEST_CASE_METHOD(cascade_fixture,
                 "a thread that outlives a root that dies meanwhile is named") {
  auto thread = worker("thread");
  thread.start = [this](const start_context& ctx) {
    return start_result::started(make(ctx, manners::ignores),
                                 std::make_shared<thread_like>());
  };
  open({.done = 0ms}, {thread});
  auto report = begin();
  SECTION("during the force") {
    advance(5s);
    CHECK(phases.back() == "force");
  }
  SECTION("before it") {
    advance(1s);
  }
  exit_high(plan.root, caf::exit_reason::kill);
  advance(5s);
  REQUIRE(report.ready());
  CHECK(report.get()->abandoned == strings{"root/thread"});
  CHECK(report.get()->exit_code == 75);
}

TEST_CASE_METHOD(cascade_fixture,
                 "a store that is forced keeps the next from being closed "
                 "twice") {
  auto store = worker("yarn", manners::ignores);
  store.start = [this](const start_context& ctx) {
    return start_result::started(make(ctx, manners::ignores),
                                 std::make_shared<thread_like>());
  };
  open({.done = 0ms}, {store, worker("a")});
  plan.stores = {"reflection", "yarn"};
  plan.limits.store_limit = millis{100};
  auto report = begin();
  // The actor of the store ends right before its time is up, and its thread
  // goes on.
  advance(99ms);
  auto reflection =
    watch(caf::actor_cast<caf::actor>(names->find("root/reflection")));
  end("yarn", shutdown);
  advance(200ms);
  CHECK(reflection->empty());
  advance(100ms);
  CHECK(*reflection == "shutdown");
  REQUIRE(report.ready());
  CHECK(report.get()->abandoned == strings{"root/yarn"});
}

TEST_CASE_METHOD(cascade_fixture, "without a buffer the cascade still ends") {
  open({.done = 0ms}, {worker("a")});
  plan.buffer = [] {
    return flushing_actor{};
  };
  auto report = begin();
  REQUIRE(report.ready());
  CHECK(!report.get()->flush.acknowledged);
  CHECK(find(*report.get(), "root/a")->how == ended::shutdown);
}

TEST_CASE_METHOD(cascade_fixture, "without a root the cascade still ends") {
  open({.done = 0ms}, {worker("a")});
  stop(plan.root);
  auto report = begin();
  advance(10s);
  REQUIRE(report.ready());
  CHECK(report.get()->phases[1].error
        == std::string{"the root supervisor was "
                       "gone"});
}

TEST_CASE_METHOD(cascade_fixture, "hurry skips the wait and not the flush") {
  open({.done = 700ms, .moves_for = 700ms}, {worker("bad", manners::ignores)});
  auto report = begin();
  advance(100ms);
  CHECK(phases.back() == "signal");
  tell(cascade, hurry_cascade{});
  CHECK(phases.back() == "flush");
  advance(699ms);
  CHECK(!report.ready());
  advance(1ms);
  REQUIRE(report.ready());
  CHECK(report.get()->flush.acknowledged);
  CHECK(report.get()->total == millis{800});
}

TEST_CASE_METHOD(
  cascade_fixture,
  "a cascade that is hurried at once leaves its children a turn") {
  open({.done = 0ms}, {worker("bad", manners::ignores)});
  auto report = begin();
  tell(cascade, hurry_cascade{});
  advance(99ms);
  CHECK(phases.back() == "signal");
  advance(1ms);
  CHECK(phases.back() != "signal");
}

TEST_CASE_METHOD(cascade_fixture, "whoever asks gets the report of the first") {
  open({.done = 0ms}, {worker("bad", manners::ignores)});
  auto first = begin("one");
  advance(1s);
  auto second = begin("two");
  advance(5s);
  auto third = begin("three");
  REQUIRE(first.ready());
  CHECK(first.get()->reason == "one");
  CHECK(*first.get() == *second.get());
  CHECK(*first.get() == *third.get());
  CHECK(*flushes == 1);
}

TEST_CASE_METHOD(cascade_fixture,
                 "a child that crashes on its way is reported") {
  open({.done = 0ms},
       {worker("boom", manners::crashes), worker("calm", manners::normal)});
  auto report = begin();
  advance(0ms);
  REQUIRE(report.ready());
  CHECK(find(*report.get(), "root/boom")->how == ended::crashed);
  CHECK(find(*report.get(), "root/calm")->how == ended::normal);
}

TEST_CASE_METHOD(cascade_fixture, "weaves that wait are cut after the grace") {
  open({.done = 0ms}, {worker("bad", manners::ignores)});
  auto cuts = 0;
  plan.cut = [&](caf::event_based_actor*,
                 const std::function<void(weave_tally)>& done) {
    ++cuts;
    done({1, 2, 3});
  };
  auto report = begin();
  advance(4'999ms);
  CHECK(cuts == 0);
  advance(1ms);
  CHECK(cuts == 1);
  REQUIRE(report.ready());
  CHECK(report.get()->weaves == weave_tally{1, 2, 3});
}
