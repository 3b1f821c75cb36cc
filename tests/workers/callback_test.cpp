#include "worker_fixture.hpp"

#include <hololoom/messages/caf/local_message.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <coroutine>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

// What a coroutine awaits besides actors, and what it cannot await.

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

/// Owns memory, as most messages do.
struct letter {
  std::string text;
  std::int64_t copies = 0;
};

using postman_actor = caf::typed_actor<answers<std::string, letter>>;

postman_actor::behavior_type postman() {
  return {[](const letter& x) {
    return x.text + " x" + std::to_string(x.copies);
  }};
}

// What compiles is right.
static_assert(!detail::awaitable_in_task<std::suspend_always>);
static_assert(detail::awaitable_in_task<task>);
static_assert(detail::awaitable_in_task<task_of<int>>);
static_assert(!detail::safe_in_co_await<letter>);
static_assert(detail::safe_in_co_await<letter&>);
static_assert(detail::safe_in_co_await<std::string>);

} // namespace

HOLOLOOM_LOCAL_MESSAGE(2005, letter)

TEST_CASE_METHOD(worker_fixture,
                 "a request builds its message, or takes one with a name") {
  auto to = track(system.spawn(postman));
  const std::string text(60, 'x');
  std::string built;
  std::string named;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    built = *co_await ctx.request<letter>(to, 2s, text, 3);
    letter mine{text, 4};
    named = *co_await ctx.request(to, 2s, mine);
  }));
  CHECK(x.ended_normally());
  CHECK(built == text + " x3");
  CHECK(named == text + " x4");
}

TEST_CASE_METHOD(worker_fixture,
                 "a coroutine awaits work of any other thread") {
  std::optional<callback<std::string>> done;
  caf::expected<std::string> result{caf::error{}};
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    result = co_await ctx.from_callback<std::string>(
      [&](callback<std::string> f) { done = std::move(f); });
  }));
  REQUIRE(done);
  CHECK(x.running());
  SECTION("which answers") {
    std::thread{[&] {
      (*done)(std::string{"an answer"});
      (*done)(std::string{"another"});
    }}.join();
    run();
    CHECK(x.ended_normally());
    REQUIRE(result);
    CHECK(*result == "an answer");
  }
  SECTION("which fails") {
    (*done)(failure(errc::io_error, "no line"));
    run();
    CHECK(x.ended_normally());
    CHECK(is(result.error(), errc::io_error));
  }
  SECTION("which is given up") {
    done.reset();
    run();
    CHECK(x.ended_normally());
    CHECK(is(result.error(), errc::cancelled));
  }
  SECTION("until it is told to end") {
    stop(x);
    CHECK(x.ended_with(caf::exit_reason::user_shutdown));
    (*done)(std::string{"too late"});
    run();
  }
}

TEST_CASE_METHOD(
  worker_fixture,
  "work that answers at once, or cannot begin, is no exception") {
  caf::expected<int> at_once{caf::error{}};
  std::string thrown;
  auto x = start(background::coroutine("x", [&](task_context ctx) -> task {
    at_once = co_await ctx.from_callback<int>([](auto done) { done(7); });
    try {
      co_await ctx.from_callback<int>(
        [](auto) { throw std::runtime_error{"no pool"}; });
    } catch (const std::runtime_error& e) {
      thrown = e.what();
    }
    co_await ctx.sleep_for(1s);
  }));
  REQUIRE(at_once);
  CHECK(*at_once == 7);
  CHECK(thrown == "no pool");
  CHECK(x.running());
  advance(1s);
  CHECK(x.ended_normally());
}
