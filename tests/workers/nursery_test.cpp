#include "supervised_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

task sleeper(task_context ctx) {
  co_await ctx.sleep_for(1h);
}

background failing(std::string name) {
  return background::blocking(std::move(name), [](const std::stop_token&) {
    throw std::runtime_error("no luck");
  });
}

void must(const caf::error& err) {
  if (err)
    throw std::runtime_error{explain(err)};
}

/// What a nursery's task found out, for the test to wait for.
template <class T>
struct finding {
  std::promise<T> promise;
  std::future<T> future = promise.get_future();

  T get() {
    REQUIRE(future.wait_for(10s) == std::future_status::ready);
    return future.get();
  }
};

struct nursery_fixture : supervised_fixture {
  /// Waits for an event of the child at `path`.
  lifecycle_event seen_of(const std::string& path, transition what) {
    lifecycle_event result;
    std::unique_lock guard{mutex};
    CHECK(changed.wait_for(guard, 10s, [&] {
      auto i = std::find_if(seen.begin(), seen.end(), [&](const auto& x) {
        return x.path == path && x.what == what;
      });
      if (i != seen.end())
        result = *i;
      return i != seen.end();
    }));
    return result;
  }
};

} // namespace

TEST_CASE_METHOD(nursery_fixture,
                 "a task starts children by name and waits for each of them") {
  finding<std::vector<std::string>> found;
  std::string text(60, 'x'); // one that is on the heap, for the capture below
  CHECK_FALSE(begin(
    background::nursery("crawl", [&](task_context, nursery children) -> task {
      std::vector<std::string> said;
      said.push_back(explain(children.start(
        background::coroutine("a", [text](task_context ctx) -> task {
          co_await ctx.sleep_for(1ms);
          if (text.size() != 60)
            throw std::runtime_error("the capture is gone");
        }))));
      said.push_back(explain(children.start(failing("b"))));
      said.push_back(explain(co_await children.wait("a")));
      said.push_back(explain(co_await children.wait("b")));
      said.push_back(explain(co_await children.wait("nobody")));
      found.promise.set_value(said);
    })));
  auto said = found.get();
  REQUIRE(said.size() == 5);
  CHECK(said[0] == explain(caf::error{}));
  CHECK(said[1] == explain(caf::error{}));
  CHECK(said[2] == explain(caf::error{}));
  CHECK(said[3].find("no luck") != std::string::npos);
  CHECK(said[4].find("nobody") != std::string::npos);
  // It has done its work, and is gone with its children.
  CHECK(seen_of("workers/crawl", transition::exited).reason.find("no luck")
        == std::string::npos);
  CHECK(is(end("crawl"), errc::not_found));
}

TEST_CASE_METHOD(nursery_fixture,
                 "a nursery is in the tree with its children") {
  finding<bool> ready;
  CHECK_FALSE(begin(background::nursery(
    "crawl", [&](task_context ctx, nursery children) -> task {
      must(children.start(background::coroutine("a", sleeper)));
      auto a = co_await children.find("a");
      ready.promise.set_value(a && children.size() == 1);
      co_await ctx.sleep_for(1h);
    })));
  CHECK(ready.get());
  auto tree = ask<tree_snapshot>(tree_query{});
  REQUIRE(tree);
  std::vector<std::string> paths;
  for (const auto& x : tree->children)
    paths.push_back(x.path);
  CHECK(paths
        == std::vector<std::string>{"workers", "workers/crawl",
                                    "workers/crawl/task", "workers/crawl/a"});
}

TEST_CASE_METHOD(nursery_fixture, "the children do not outlive their task") {
  SECTION("that returns") {
    CHECK_FALSE(begin(
      background::nursery("crawl", [](task_context, nursery children) -> task {
        must(children.start(background::coroutine("a", sleeper)));
        co_await children.find("a");
      })));
    seen_of("workers/crawl/a", transition::stopped);
    CHECK(ended_in_order(seen_of("workers/crawl", transition::exited)));
  }
  SECTION("that fails, and the nursery fails with its error") {
    CHECK_FALSE(begin(
      background::nursery("crawl", [](task_context, nursery children) -> task {
        must(children.start(background::coroutine("a", sleeper)));
        co_await children.find("a");
        throw std::runtime_error("the warp tore");
      })));
    seen_of("workers/crawl/a", transition::stopped);
    auto end = seen_of("workers/crawl", transition::exited);
    CHECK_FALSE(ended_in_order(end));
    CHECK(end.reason.find("the warp tore") != std::string::npos);
  }
  SECTION("that is killed") {
    finding<caf::strong_actor_ptr> self;
    CHECK_FALSE(begin(background::nursery(
      "crawl", [&](task_context ctx, nursery children) -> task {
        must(children.start(background::coroutine("a", sleeper)));
        co_await children.find("a");
        self.promise.set_value(caf::strong_actor_ptr{ctx.self()->ctrl()});
        co_await ctx.sleep_for(1h);
      })));
    exit_high(caf::actor_cast<caf::actor>(self.get()), caf::exit_reason::kill);
    seen_of("workers/crawl/a", transition::stopped);
    CHECK_FALSE(ended_in_order(seen_of("workers/crawl", transition::exited)));
  }
}

TEST_CASE_METHOD(
  nursery_fixture,
  "a task that is told to end takes no stopped child for one that is done") {
  std::atomic<bool> went_on = false;
  finding<bool> waits;
  CHECK_FALSE(begin(
    background::nursery("crawl", [&](task_context, nursery children) -> task {
      for (auto name : {"a", "b", "c"})
        must(children.start(background::coroutine(name, sleeper)));
      co_await children.find("c");
      waits.promise.set_value(true);
      co_await children.wait("a");
      went_on = true;
    })));
  CHECK(waits.get());
  CHECK_FALSE(end("crawl"));
  seen_of("workers/crawl/c", transition::stopped);
  CHECK_FALSE(went_on);
}

TEST_CASE_METHOD(nursery_fixture,
                 "wait_all waits for all and gives the first failure") {
  finding<std::vector<std::string>> found;
  CHECK_FALSE(begin(
    background::nursery("crawl", [&](task_context, nursery children) -> task {
      std::vector<std::string> said;
      said.push_back(explain(co_await children.wait_all()));
      must(children.start(failing("a")));
      must(children.start(background::blocking("b", [](auto) {})));
      said.push_back(explain(co_await children.wait_all()));
      said.push_back(std::to_string(children.size()));
      // Told once.
      said.push_back(explain(co_await children.wait_all()));
      found.promise.set_value(said);
    })));
  auto said = found.get();
  REQUIRE(said.size() == 4);
  CHECK(said[0] == explain(caf::error{}));
  CHECK(said[1].find("no luck") != std::string::npos);
  CHECK(said[2] == "0");
  CHECK(said[3] == explain(caf::error{}));
}

TEST_CASE_METHOD(nursery_fixture,
                 "no more children run at once than a nursery allows") {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  finding<int> done;
  CHECK_FALSE(begin(background::nursery(
    "crawl",
    [&](task_context, nursery children) -> task {
      for (int i = 0; i < 40; ++i) {
        co_await children.wait_for_room();
        must(children.start(background::coroutine(
          "child" + std::to_string(i), [&](task_context ctx) -> task {
            most = std::max(most.load(), ++running);
            co_await ctx.sleep_for(1ms);
            --running;
          })));
      }
      co_await children.wait_all();
      done.promise.set_value(running);
    },
    {.at_once = 4})));
  CHECK(done.get() == 0);
  CHECK(most <= 4);
  CHECK(most >= 2);
}

TEST_CASE_METHOD(nursery_fixture, "a nursery that is full refuses a child") {
  finding<std::vector<caf::error>> found;
  CHECK_FALSE(begin(background::nursery(
    "crawl",
    [&](task_context, nursery children) -> task {
      std::vector<caf::error> said;
      said.push_back(children.start(background::coroutine("a", sleeper)));
      said.push_back(children.start(background::coroutine("b", sleeper)));
      must(co_await children.stop("a"));
      co_await children.wait_for_room();
      said.push_back(children.start(background::coroutine("b", sleeper)));
      found.promise.set_value(said);
    },
    {.at_once = 1})));
  auto said = found.get();
  CHECK_FALSE(said[0]);
  CHECK(is(said[1], errc::overloaded));
  CHECK_FALSE(said[2]);
}

TEST_CASE_METHOD(nursery_fixture,
                 "a child is restarted, and given up past its rate") {
  finding<std::string> found;
  CHECK_FALSE(begin(background::nursery(
    "crawl",
    [&](task_context, nursery children) -> task {
      must(children.start(failing("a").restart(restart_type::permanent)));
      found.promise.set_value(explain(co_await children.wait("a")));
    },
    {.give_up_after = {3, 1min}})));
  CHECK(found.get().find("no luck") != std::string::npos);
  CHECK(seen_of("workers/crawl/a", transition::gave_up).incarnation == 4);
}

TEST_CASE_METHOD(nursery_fixture, "a child is stopped, and its name is free") {
  finding<std::vector<std::string>> found;
  CHECK_FALSE(begin(
    background::nursery("crawl", [&](task_context, nursery children) -> task {
      std::vector<std::string> said;
      auto steady = [] {
        return background::coroutine("a", sleeper)
          .restart(restart_type::permanent);
      };
      for (int i = 0; i < 2; ++i) {
        said.push_back(explain(children.start(steady())));
        auto again = children.start(steady());
        said.push_back(is(again, errc::already_started) ? "refused" : "?");
        said.push_back(explain(co_await children.stop("a")));
      }
      auto none = co_await children.stop("a");
      said.push_back(is(none, errc::not_found) ? "not found" : explain(none));
      auto itself = co_await children.stop("task");
      said.push_back(is(itself, errc::not_found) ? "not found"
                                                 : explain(itself));
      found.promise.set_value(said);
    })));
  auto ok = explain(caf::error{});
  CHECK(found.get()
        == std::vector<std::string>{ok, "refused", ok, ok, "refused", ok,
                                    "not found", "not found"});
}

TEST_CASE_METHOD(nursery_fixture, "a nursery can have nurseries") {
  finding<bool> inner_ended;
  CHECK_FALSE(begin(
    background::nursery("outer", [&](task_context, nursery children) -> task {
      auto inner = [](task_context, nursery below) -> task {
        must(below.start(background::coroutine("leaf", sleeper)));
        co_await below.find("leaf");
        throw std::runtime_error("the inner one");
      };
      must(children.start(background::nursery("inner", inner)));
      auto why = co_await children.wait("inner");
      inner_ended.promise.set_value(explain(why).find("the inner one")
                                    != std::string::npos);
    })));
  CHECK(inner_ended.get());
  seen_of("workers/outer/inner/leaf", transition::stopped);
}

TEST_CASE_METHOD(nursery_fixture, "a nursery refuses what cannot be") {
  CHECK(is(begin(background::nursery("x", {})), errc::invalid_spec));
  finding<std::vector<bool>> refused;
  CHECK_FALSE(begin(
    background::nursery("crawl", [&](task_context, nursery children) -> task {
      std::vector<bool> said;
      for (auto& x :
           {background::coroutine("a", sleeper).essential(),
            background::coroutine("", sleeper), background::coroutine("a", {}),
            background::coroutine("a/b", sleeper)}) {
        said.push_back(is(children.start(x), errc::invalid_spec));
      }
      said.push_back(children.size() == 0);
      auto own = children.start(background::coroutine("task", sleeper));
      said.push_back(is(own, errc::already_started));
      must(co_await children.wait_all());
      refused.promise.set_value(said);
    })));
  CHECK(refused.get() == std::vector<bool>(6, true));
}

TEST_CASE_METHOD(nursery_fixture,
                 "a child that cannot start has ended with that error") {
  finding<std::vector<caf::error>> found;
  auto none = [] {
    return background::actor("a", [](caf::actor_system&) -> caf::actor {
      throw std::runtime_error("no such device");
    });
  };
  CHECK_FALSE(begin(
    background::nursery("crawl", [&](task_context, nursery children) -> task {
      std::vector<caf::error> ends;
      must(children.start(none()));
      ends.push_back(co_await children.wait("a"));
      ends.push_back(co_await children.wait_all());
      auto missing = co_await children.find("a");
      ends.push_back(missing ? caf::error{} : missing.error());
      found.promise.set_value(ends);
    })));
  auto ends = found.get();
  CHECK(is(ends[0], errc::start_failed));
  CHECK(is(ends[1], errc::start_failed));
  CHECK(is(ends[2], errc::not_found));
}

TEST_CASE_METHOD(nursery_fixture,
                 "a child is found, and its handle survives its restarts") {
  finding<std::vector<int>> found;
  CHECK_FALSE(begin(background::nursery(
    "crawl", [&](task_context ctx, nursery children) -> task {
      must(children.start(
        background::actor("counter", [](caf::actor_system& in) {
          return in.spawn([](caf::event_based_actor* self) {
            return caf::behavior{[self, sum = 0](int x) mutable {
              if (x < 0)
                self->quit(failure(errc::crashed, "it is negative"));
              return sum += x;
            }};
          });
        }).restart(restart_type::permanent)));
      auto counter = co_await children.find("counter");
      if (!counter)
        throw std::runtime_error{explain(counter.error())};
      std::vector<int> sums;
      for (int x : {1, 2, -1, 5}) {
        auto sum = co_await ctx.request<int>(*counter, 5s, x);
        // While it restarts, it is unavailable.
        while (x == 5 && !sum) {
          co_await ctx.yield();
          sum = co_await ctx.request<int>(*counter, 5s, x);
        }
        sums.push_back(sum ? *sum : -100);
      }
      found.promise.set_value(sums);
    })));
  auto sums = found.get();
  REQUIRE(sums.size() == 4);
  CHECK(sums[1] == 3);
  CHECK(sums[3] == 5);
}
