#include "worker_fixture.hpp"

#include <hololoom/actors/workers/coroutine/wake_service.hpp>
#include <hololoom/messages/caf/local_message.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

struct guard {
  explicit guard(std::function<void()> at_end) : f(std::move(at_end)) {}
  guard(const guard&) = delete;
  guard& operator=(const guard&) = delete;
  ~guard() { f(); }
  std::function<void()> f;
};

using log = std::vector<std::string>;

using doubler_actor =
  caf::typed_actor<answers<int, int>, answers<void, std::string>,
                   answers<std::tuple<double, std::string>, double>>;

doubler_actor::behavior_type doubler(doubler_actor::pointer self) {
  return {[](int x) -> caf::result<int> {
            if (x < 0)
              return failure(errc::invalid_query, "it is negative");
            return 2 * x;
          },
          [self](const std::string& said) {
            if (said == "die")
              self->quit();
          },
          [](double x) -> caf::result<double, std::string> {
            return {x, std::string{"a double"}};
          }};
}

/// Answers an int after as many milliseconds.
caf::behavior slow(caf::event_based_actor* self) {
  return {[self](int ms) {
            auto promise = self->make_response_promise();
            self->delayed_send(self, std::chrono::milliseconds{ms}, promise,
                               ms);
            return promise;
          },
          [](caf::response_promise& promise, int ms) {
            promise.deliver(ms);
          }};
}

} // namespace

HOLOLOOM_LOCAL_MESSAGE(2004, caf::response_promise)

TEST_CASE_METHOD(worker_fixture, "a coroutine that returns ends normally") {
  log seen;
  auto x = start(background::coroutine("x", [&](task_context) -> task {
    seen.push_back("ran");
    co_return;
  }));
  CAPTURE(x.shown());
  CHECK(x.ended_normally());
  CHECK(seen == log{"ran"});
}

TEST_CASE_METHOD(worker_fixture, "a coroutine sleeps by the virtual clock, not "
                                 "a millisecond less or more") {
  int beats = 0;
  auto x = start(background::coroutine("pulse", [&](task_context ctx) -> task {
    for (;;) {
      co_await ctx.sleep_for(1min);
      ++beats;
    }
  }));
  advance(59'999ms);
  CHECK(beats == 0);
  advance(1ms);
  CHECK(beats == 1);
  advance(10min);
  CHECK(beats == 11);
  CHECK(x.running());
}

TEST_CASE_METHOD(worker_fixture, "sleepers wake in the order of their times") {
  std::vector<int> woken;
  std::vector<started_worker> workers;
  for (int i : {30, 10, 20, 5, 1})
    workers.push_back(
      start(background::coroutine("x", [&woken, i](task_context ctx) -> task {
        co_await ctx.sleep_for(std::chrono::milliseconds{i});
        woken.push_back(i);
      })));
  advance(9ms);
  CHECK(woken == std::vector{1, 5});
  advance(1h);
  CHECK(woken == std::vector{1, 5, 10, 20, 30});
}

TEST_CASE_METHOD(worker_fixture,
                 "a coroutine can sleep for no time or for ever") {
  bool done = false;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    co_await ctx.sleep_for(0s);
    co_await ctx.sleep_for(-5s);
    co_await ctx.yield();
    done = true;
    co_await ctx.sleep_for(std::chrono::hours::max());
  }));
  CHECK(done);
  advance(1min);
  CHECK(x.running());
  stop(x);
  CHECK(x.ended_with(caf::exit_reason::user_shutdown));
}

TEST_CASE_METHOD(worker_fixture,
                 "a cancelled coroutine cleans up at its co_await") {
  log seen;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    guard g{[&] {
      seen.push_back("destructor");
    }};
    try {
      co_await ctx.sleep_for(1h);
      seen.push_back("woke");
    } catch (const std::exception&) {
      seen.push_back("std::exception");
    } catch (const cancelled&) {
      seen.push_back(ctx.stop_requested() ? "cancelled" : "not asked");
      throw;
    }
  }));
  CHECK(x.running());
  stop(x);
  CHECK(x.ended_with(caf::exit_reason::user_shutdown));
  CHECK(seen == log{"cancelled", "destructor"});
}

TEST_CASE_METHOD(
  worker_fixture,
  "a cancelled coroutine that returns ends with the reason it was given") {
  auto x = start(background::coroutine("x", [](task_context ctx) -> task {
    try {
      co_await ctx.sleep_for(1h);
    } catch (const cancelled&) {
    }
  }));
  exit_high(x.handle, caf::exit_reason::out_of_workers);
  run();
  CHECK(x.ended_with(caf::exit_reason::out_of_workers));
}

TEST_CASE_METHOD(worker_fixture,
                 "an exit message with reason normal is ignored") {
  auto x = start(background::coroutine(
    "x", [](task_context ctx) -> task { co_await ctx.sleep_for(1h); }));
  exit_high(x.handle, caf::exit_reason::normal);
  run();
  CHECK(x.running());
}

TEST_CASE_METHOD(
  worker_fixture,
  "tasks cancelled in a nested task all clean up, innermost first") {
  log seen;
  struct nest {
    static task inner(task_context ctx, log& seen) {
      guard g{[&] {
        seen.push_back("inner");
      }};
      co_await ctx.sleep_for(1h);
    }
    static task middle(task_context ctx, log& seen) {
      guard g{[&] {
        seen.push_back("middle");
      }};
      co_await inner(ctx, seen);
    }
  };
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    guard g{[&] {
      seen.push_back("outer");
    }};
    co_await nest::middle(ctx, seen);
  }));
  stop(x);
  CHECK(x.ended_with(caf::exit_reason::user_shutdown));
  CHECK(seen == log{"inner", "middle", "outer"});
}

TEST_CASE_METHOD(worker_fixture, "nested tasks give values and exceptions") {
  log seen;
  struct parts {
    static task_of<std::string> value(task_context ctx) {
      co_await ctx.sleep_for(1s);
      co_return "value";
    }
    static task_of<int> bad(task_context) {
      throw std::runtime_error("bad part");
      co_return 0;
    }
  };
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    seen.push_back(co_await parts::value(ctx));
    try {
      co_await parts::bad(ctx);
    } catch (const std::runtime_error& e) {
      seen.push_back(e.what());
    }
  }));
  advance(1s);
  CHECK(x.ended_normally());
  CHECK(seen == log{"value", "bad part"});
}

TEST_CASE_METHOD(worker_fixture,
                 "to await a task twice, or an empty one, is an "
                 "exception that says so") {
  struct part {
    static task_of<int> one(task_context ctx) {
      co_await ctx.sleep_for(1s);
      co_return 1;
    }
  };
  log seen;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    auto once = part::one(ctx);
    seen.push_back(std::to_string(co_await std::move(once)));
    auto moved = part::one(ctx);
    auto to = std::move(moved);
    for (auto* again : {&once, &moved})
      try {
        co_await std::move(*again);
      } catch (const std::logic_error& e) {
        seen.push_back(e.what());
      }
    seen.push_back(std::to_string(co_await std::move(to)));
  }));
  advance(1s);
  advance(1s);
  CHECK(x.ended_normally());
  REQUIRE(seen.size() == 4);
  CHECK(seen[0] == "1");
  CHECK(seen[1].find("awaited twice") != std::string::npos);
  CHECK(seen[2].find("an empty task") != std::string::npos);
  CHECK(seen[3] == "1");
}

TEST_CASE_METHOD(worker_fixture,
                 "a hundred thousand tasks one after the other need no stack") {
  struct part {
    static task_of<int> one(task_context) { co_return 1; }
  };
  int sum = 0;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    for (int i = 0; i < 100'000; ++i)
      sum += co_await part::one(ctx);
  }));
  CHECK(x.ended_normally());
  CHECK(sum == 100'000);
}

TEST_CASE_METHOD(worker_fixture,
                 "an exception ends the worker with an error that says it") {
  auto x = start(background::coroutine("x", [](task_context ctx) -> task {
    co_await ctx.sleep_for(1s);
    throw std::runtime_error("no thread left");
  }));
  advance(1s);
  CHECK(x.ended_with(errc::crashed));
  CHECK(x.last_words().find("no thread left") != std::string::npos);
}

TEST_CASE_METHOD(worker_fixture, "exceptions before the first co_await, or "
                                 "outside a coroutine, are reported as well") {
  auto x = start(background::coroutine("x", [](task_context) -> task {
    throw 7;
    co_return;
  }));
  CHECK(x.ended_with(errc::crashed));
  auto y = start(background::coroutine(
    "y", [](task_context) -> task { throw std::runtime_error("plain"); }));
  CHECK(y.ended_with(errc::crashed));
  CHECK(y.last_words().find("plain") != std::string::npos);
  auto z =
    start(background::coroutine("z", [](task_context) { return task{}; }));
  CHECK(z.ended_with(errc::crashed));
}

TEST_CASE_METHOD(
  worker_fixture,
  "an exception during the clean-up is an error, not an escape") {
  auto x = start(background::coroutine("x", [](task_context ctx) -> task {
    try {
      co_await ctx.sleep_for(1h);
    } catch (const cancelled&) {
      throw std::runtime_error("cannot clean up");
    }
  }));
  stop(x);
  CHECK(x.ended_with(errc::crashed));
}

TEST_CASE_METHOD(worker_fixture,
                 "throwing 'cancelled' without being told to end is an error") {
  auto x = start(background::coroutine("x", [](task_context) -> task {
    throw cancelled{};
    co_return;
  }));
  CHECK(x.ended_with(errc::crashed));
}

TEST_CASE_METHOD(worker_fixture, "a coroutine that catches its cancellation "
                                 "and awaits again gets it again at once") {
  log seen;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    for (int i = 0; i < 3; ++i) {
      try {
        co_await ctx.sleep_for(1h);
        seen.push_back("slept");
      } catch (const cancelled&) {
        seen.push_back("cancelled");
      }
    }
  }));
  stop(x);
  CHECK(seen == log{"cancelled", "cancelled", "cancelled"});
  CHECK(x.ended_with(caf::exit_reason::user_shutdown));
}

TEST_CASE_METHOD(worker_fixture, "a coroutine that never stops catching its "
                                 "cancellation is destroyed at its co_await") {
  int caught = 0;
  bool destroyed = false;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    guard g{[&] {
      destroyed = true;
    }};
    for (;;) {
      try {
        co_await ctx.sleep_for(1h);
      } catch (...) {
        ++caught;
      }
    }
  }));
  stop(x);
  CHECK(x.ended_with(errc::cancelled));
  CHECK(caught == 16);
  CHECK(destroyed);
}

TEST_CASE_METHOD(worker_fixture,
                 "a killed coroutine is destroyed where it waits") {
  log seen;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    guard g{[&] {
      seen.push_back("destructor");
    }};
    try {
      co_await ctx.sleep_for(1h);
    } catch (...) {
      seen.push_back("caught");
      throw;
    }
  }));
  kill(x);
  CHECK(x.ended_with(caf::exit_reason::kill));
  CHECK(seen == log{"destructor"});
}

TEST_CASE_METHOD(worker_fixture, "a shield lets a clean-up wait, and a kill "
                                 "goes through it") {
  log seen;
  auto body = [&](task_context ctx) -> task {
    try {
      co_await ctx.sleep_for(1h);
    } catch (const cancelled&) {
      seen.push_back("cancelled");
    }
    {
      auto shield = ctx.shield();
      co_await ctx.sleep_for(2s);
      seen.push_back("flushed");
    }
    co_await ctx.sleep_for(1h);
    seen.push_back("never");
  };
  auto x = start(background::coroutine("x", body));
  stop(x);
  CHECK(x.running());
  CHECK(x.probe->doing().has_value());
  advance(1'999ms);
  CHECK(x.running());
  advance(1ms);
  CHECK(x.ended_with(caf::exit_reason::user_shutdown));
  CHECK(seen == log{"cancelled", "flushed"});
  auto y = start(background::coroutine("y", body));
  stop(y);
  kill(y);
  CHECK(y.ended_with(caf::exit_reason::kill));
}

TEST_CASE_METHOD(worker_fixture,
                 "a coroutine that is told to end twice is cancelled once") {
  int caught = 0;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    try {
      co_await ctx.sleep_for(1h);
    } catch (const cancelled&) {
      ++caught;
    }
    auto shield = ctx.shield();
    co_await ctx.sleep_for(1s);
  }));
  stop(x);
  stop(x);
  advance(1s);
  CHECK(caught == 1);
  CHECK(x.ended_with(caf::exit_reason::user_shutdown));
}

TEST_CASE_METHOD(
  worker_fixture,
  "a coroutine that stops itself is cancelled as by any other actor") {
  bool clean = false;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    guard g{[&] {
      clean = true;
    }};
    exit_high(caf::actor{ctx.self()}, caf::exit_reason::user_shutdown);
    co_await ctx.sleep_for(1h);
  }));
  CHECK(x.ended_with(caf::exit_reason::user_shutdown));
  CHECK(clean);
}

TEST_CASE_METHOD(worker_fixture, "a coroutine may quit its own actor") {
  bool clean = false;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    guard g{[&] {
      clean = true;
    }};
    co_await ctx.yield();
    ctx.self()->quit(caf::exit_reason::out_of_workers);
    co_await ctx.sleep_for(1h);
  }));
  CHECK(x.ended_with(caf::exit_reason::out_of_workers));
  CHECK(clean);
}

TEST_CASE_METHOD(worker_fixture, "a request to a typed actor gives its answer "
                                 "or its error") {
  auto peer = track(system.spawn(doubler));
  log seen;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    auto good = co_await ctx.request(peer, 1s, 21);
    seen.push_back(std::to_string(good ? *good : -1));
    auto bad = co_await ctx.request(peer, 1s, -1);
    seen.push_back(bad ? "?" : explain(bad.error()));
    auto two = co_await ctx.request(peer, 1s, 1.5);
    seen.push_back(two ? std::get<1>(*two) : "?");
    auto none = co_await ctx.request(peer, 1s, std::string{"hello"});
    seen.push_back(none ? "void" : "?");
    auto dying = co_await ctx.request(peer, 1s, std::string{"die"});
    auto dead = co_await ctx.request(peer, 1s, 1);
    seen.push_back(dead ? "?" : to_string(code_of(dead.error())));
  }));
  CHECK(x.ended_normally());
  CHECK(seen == log{"42", "it is negative", "a double", "void", "crashed"});
}

TEST_CASE_METHOD(worker_fixture, "a request that is awaited twice, or has no "
                                 "receiver, gives an error that says so") {
  auto peer = track(system.spawn(doubler));
  log seen;
  auto note = [&](const caf::expected<int>& x) {
    seen.push_back(x ? std::to_string(*x) : to_string(code_of(x.error())));
  };
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    auto request = ctx.request(peer, 1s, 21);
    note(co_await request);
    note(co_await request);
    auto nobody = ctx.request(decltype(peer){}, 1s, 21);
    note(co_await nobody);
    auto good = ctx.request(peer, 1s, 4);
    auto both = co_await when_all(ctx.request(decltype(peer){}, 1s, 1), good);
    note(std::get<0>(both));
    note(std::get<1>(both));
  }));
  CHECK(x.ended_normally());
  CHECK(seen == log{"42", "not_supported", "unavailable", "unavailable", "8"});
}

TEST_CASE_METHOD(worker_fixture, "a request to a dynamic actor is checked when "
                                 "the answer comes") {
  auto peer = track(system.spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](int x) {
      return std::to_string(x);
    }};
  }));
  log seen;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    auto good = co_await ctx.request<std::string>(peer, 1s, 7);
    seen.push_back(good ? *good : "?");
    auto other = co_await ctx.request<int>(peer, 1s, 7);
    seen.push_back(other ? "?" : "another type");
    auto nobody = co_await ctx.request<int>(caf::actor{}, 1s, 7);
    seen.push_back(nobody ? "?" : "nobody");
  }));
  CHECK(x.ended_normally());
  CHECK(seen == log{"7", "another type", "nobody"});
}

TEST_CASE_METHOD(worker_fixture, "a request that is not answered in time gives "
                                 "an error at its timeout") {
  auto peer = track(system.spawn(slow));
  std::string said;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    auto r = co_await ctx.request<int>(peer, 2s, 3000);
    said = r ? "answer" : to_string(code_of(r.error()));
    co_await ctx.sleep_for(10s);
  }));
  advance(1'999ms);
  CHECK(said.empty());
  advance(1ms);
  CHECK(said == "timed_out");
  // The answer that comes too late has no effect.
  advance(5s);
  CHECK(x.running());
  advance(5s);
  CHECK(x.ended_normally());
}

TEST_CASE_METHOD(
  worker_fixture,
  "a coroutine cancelled while it awaits a request never sees the answer") {
  auto peer = track(system.spawn(slow));
  log seen;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    try {
      co_await ctx.request<int>(peer, 1h, 1000);
      seen.push_back("answer");
    } catch (const cancelled&) {
      seen.push_back("cancelled");
    }
    auto shield = ctx.shield();
    co_await ctx.sleep_for(5s);
    seen.push_back("slept");
  }));
  stop(x);
  advance(4s);
  CHECK(seen == log{"cancelled"});
  advance(1s);
  CHECK(seen == log{"cancelled", "slept"});
}

TEST_CASE_METHOD(worker_fixture,
                 "a worker that is gone leaves no timer of its requests") {
  std::vector<caf::response_promise> kept;
  auto mute =
    track(system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
      return {[&kept, self](int) {
        kept.push_back(self->make_response_promise());
        return kept.back();
      }};
    }));
  caf::actor_addr address;
  {
    auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
      co_await ctx.request<int>(mute, 1h, 1);
    }));
    address = x.handle->address();
    CHECK(kept.size() == 1);
    CHECK(pending_timers(scheduler) > 0);
    stop(x);
    CHECK(x.ended_with(caf::exit_reason::user_shutdown));
  }
  CHECK(pending_timers(scheduler) == 0);
  kept.clear();
  run();
  CHECK(caf::actor_cast<caf::strong_actor_ptr>(address) == nullptr);
}

TEST_CASE_METHOD(worker_fixture, "a request that is answered leaves no timer") {
  auto peer = track(system.spawn(doubler));
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    for (int i = 0; i < 1000; ++i)
      co_await ctx.request(peer, 1h, i);
    co_await ctx.sleep_for(1h);
  }));
  CHECK(x.running());
  CHECK(pending_timers(scheduler) <= 2);
}

TEST_CASE_METHOD(worker_fixture, "several requests are awaited at once") {
  auto peer = track(system.spawn(doubler));
  auto late = track(system.spawn(slow));
  auto begin = now();
  std::vector<int> got;
  std::chrono::milliseconds took{};
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    auto [a, b, c] = co_await when_all(ctx.request(peer, 1s, 1),
                                       ctx.request<int>(late, 5s, 3000),
                                       ctx.request(peer, 1s, -1));
    got.push_back(a ? *a : -1);
    got.push_back(b ? *b : -1);
    got.push_back(c ? *c : -1);
    std::vector<decltype(ctx.request<int>(late, 1s, 1))> many;
    for (int ms : {300, 100, 200})
      many.push_back(ctx.request<int>(late, 250ms, ms));
    for (auto& r : co_await when_all(std::move(many)))
      got.push_back(r ? *r : -2);
    auto none =
      co_await when_all(std::vector<decltype(ctx.request<int>(late, 1s, 1))>{});
    got.push_back(static_cast<int>(none.size()));
    took =
      std::chrono::duration_cast<std::chrono::milliseconds>(ctx.now() - begin);
  }));
  advance(1min);
  CHECK(x.ended_normally());
  CHECK(got == std::vector{2, 3000, -1, -2, 100, 200, 0});
  CHECK(took == 3250ms);
}

TEST_CASE_METHOD(worker_fixture, "a coroutine cancelled or killed with several "
                                 "requests under way ends at once") {
  auto late = track(system.spawn(slow));
  auto body = [&](task_context ctx) -> task {
    co_await when_all(ctx.request<int>(late, 1h, 100),
                      ctx.request<int>(late, 1h, 5000));
  };
  auto x = start(background::coroutine("x", body));
  auto y = start(background::coroutine("y", body));
  advance(1s);
  stop(x);
  kill(y);
  CHECK(x.ended_with(caf::exit_reason::user_shutdown));
  CHECK(y.ended_with(caf::exit_reason::kill));
  advance(10s);
}

TEST_CASE_METHOD(worker_fixture, "each incarnation has its own copy of the "
                                 "function") {
  std::vector<int> seen;
  auto spec = to_child_spec(
    background::coroutine("x", [&seen, n = 0](task_context) mutable -> task {
      seen.push_back(++n);
      co_return;
    }));
  start_context ctx;
  ctx.system = &system;
  auto a = spec.start(ctx);
  auto b = spec.start(ctx);
  run();
  CHECK(seen == std::vector{1, 1});
}

TEST_CASE_METHOD(worker_fixture, "a coroutine's captures live as long as it, "
                                 "whatever becomes of its background") {
  const std::string text(60, 'x');
  auto owned = std::make_shared<std::string>(text);
  std::weak_ptr<std::string> watch = owned;
  std::vector<std::string> seen;
  auto two = [&] {
    auto spec = to_child_spec(background::coroutine(
      "x",
      [&seen, owned = std::move(owned), copy = text,
       n = 0](task_context ctx) mutable -> task {
        for (;;) {
          co_await ctx.sleep_for(1s);
          seen.push_back(copy + *owned + std::to_string(++n));
        }
      }));
    start_context ctx;
    ctx.system = &system;
    return std::pair{
      track(caf::actor_cast<caf::actor>(spec.start(ctx).handle)),
      track(caf::actor_cast<caf::actor>(spec.start(ctx).handle))};
  }();
  run();
  advance(1s);
  advance(1s);
  CHECK(seen
        == std::vector{text + text + "1", text + text + "1", text + text + "2",
                       text + text + "2"});
  CHECK(!watch.expired());
  exit_high(two.first, caf::exit_reason::user_shutdown);
  exit_high(two.second, caf::exit_reason::user_shutdown);
  run();
  CHECK(watch.expired());
}

TEST_CASE_METHOD(worker_fixture, "a sleeper that is cancelled leaves nothing "
                                 "behind") {
  auto service = detail::wake_service::of(system);
  std::vector<caf::actor_addr> addresses;
  {
    std::vector<started_worker> workers;
    for (int i = 0; i < 100; ++i)
      workers.push_back(start(background::coroutine(
        "x", [](task_context ctx) -> task { co_await ctx.sleep_for(1h); })));
    CHECK(service->size() == 100);
    for (auto& x : workers) {
      addresses.push_back(x.handle->address());
      x.stop();
    }
    run();
    CHECK(service->size() == 0);
  }
  // Nothing holds them, not even a timer.
  for (auto& x : addresses)
    CHECK(caf::actor_cast<caf::strong_actor_ptr>(x) == nullptr);
}

TEST_CASE_METHOD(
  worker_fixture,
  "a probe tells what a coroutine does, unless it waits undisturbed") {
  bool busy = false;
  std::shared_ptr<child_probe> probe;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    co_await ctx.sleep_for(1s);
    ctx.doing("counting sheep");
    if (auto note = probe->doing())
      busy = note->what == "counting sheep"
          && note->since <= std::chrono::steady_clock::now();
    co_await ctx.sleep_for(1s);
  }));
  probe = x.probe;
  CHECK_FALSE(probe->doing());
  CHECK(probe->can_be_killed());
  advance(1s);
  CHECK(busy);
  CHECK_FALSE(probe->doing());
}

TEST_CASE_METHOD(worker_fixture,
                 "a worker answers unknown messages with an error") {
  auto x = start(background::coroutine(
    "x", [](task_context ctx) -> task { co_await ctx.sleep_for(1h); }));
  auto r = ask<int>(x.handle, std::string{"hello"});
  REQUIRE_FALSE(r);
  CHECK(r.error() == caf::sec::unexpected_message);
  CHECK(x.running());
}

TEST_CASE_METHOD(worker_fixture, "an empty function is refused") {
  auto r = start_bare(system, background::coroutine("x", {}));
  CHECK(r.how == start_result::outcome::failed);
  CHECK(is(r.reason, errc::invalid_spec));
}
