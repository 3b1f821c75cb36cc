#include "support/catch.hpp"

#include <hololoom/actors/supervision/events.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace hololoom;
using namespace std::chrono_literals;

namespace {

auto in(std::chrono::milliseconds wait) {
  return std::chrono::steady_clock::now() + wait;
}

lifecycle_event started(std::string path) {
  lifecycle_event e;
  e.path = std::move(path);
  e.what = transition::started;
  return e;
}

} // namespace

TEST_CASE("an observer may unsubscribe while it is called", "[core]") {
  auto events = std::make_shared<event_bus>();
  std::string calls;
  event_bus::ticket first = 0;
  first = events->observe([&](const lifecycle_event&) {
    calls += "a";
    events->unsubscribe(first);
  });
  events->observe([&](const lifecycle_event&) { calls += "b"; });
  events->publish(started("root/x"));
  CHECK(calls == "ab");
  events->publish(started("root/x"));
  CHECK(calls == "abb");
}

TEST_CASE("a subscription added by an observer gets the next event", "[core]") {
  auto events = std::make_shared<event_bus>();
  auto calls = 0;
  event_bus::ticket first = 0;
  first = events->observe([&](const lifecycle_event&) {
    events->unsubscribe(first);
    for (auto i = 0; i < 100; ++i)
      events->observe([&](const lifecycle_event&) { ++calls; });
  });
  events->publish(started("root/x"));
  CHECK(calls == 0);
  events->publish(started("root/x"));
  CHECK(calls == 100);
}

TEST_CASE("threads may subscribe and unsubscribe while others publish",
          "[core]") {
  auto observing = GENERATE(true, false);
  auto events = std::make_shared<event_bus>();
  constexpr auto rounds = 500;
  std::atomic<std::int64_t> kept = 0;
  std::atomic<std::int64_t> fleeting = 0;
  for (auto i = 0; i < 3; ++i) {
    auto count = [&](const lifecycle_event&) {
      ++kept;
      std::this_thread::yield(); // Lets the list change under the publisher.
    };
    if (observing)
      events->observe(count);
    else
      events->subscribe(count);
  }
  std::vector<std::thread> threads;
  for (auto i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      for (auto n = 0; n < rounds; ++n)
        events->publish(started("root/x"));
    });
    threads.emplace_back([&] {
      for (auto n = 0; n < rounds; ++n) {
        auto t = events->subscribe(
          [&, name = std::string(64, 'x')](const lifecycle_event&) {
            fleeting += static_cast<std::int64_t>(name.size());
          });
        events->unsubscribe(t);
      }
    });
  }
  for (auto& t : threads)
    t.join();
  CHECK(events->settle(in(10s)));
  CHECK(kept == 3 * 2 * rounds);
  CHECK(fleeting % 64 == 0);
}

TEST_CASE("a callback that does not return holds up neither the publisher nor "
          "other subscribers, and misses no event",
          "[core]") {
  auto events = std::make_shared<event_bus>();
  std::promise<void> release;
  std::vector<std::string> slow;
  std::vector<std::string> quick;
  events->subscribe([&, go = release.get_future().share()](const auto& e) {
    go.wait();
    slow.push_back(e.path);
  });
  std::latch all{3};
  events->subscribe([&](const auto& e) {
    quick.push_back(e.path);
    all.count_down();
  });
  const std::vector<std::string> paths{"root/a", "root/b", "root/c"};
  for (const auto& path : paths)
    events->publish(started(path));
  all.wait();
  CHECK(quick == paths);
  CHECK_FALSE(events->settle(in(0ms)));
  release.set_value();
  CHECK(events->settle(in(10s)));
  CHECK(slow == paths);
}

TEST_CASE("events beyond the queue of a callback are dropped and counted",
          "[core]") {
  auto events = std::make_shared<event_bus>();
  std::promise<void> release;
  std::latch inside{1};
  std::size_t seen = 0;
  auto id =
    events->subscribe([&, go = release.get_future().share()](const auto&) {
      if (seen++ == 0) {
        inside.count_down();
        go.wait();
      }
    });
  events->publish(started("root/x"));
  inside.wait();
  constexpr std::size_t beyond = 10;
  for (std::size_t i = 0; i < outlet::capacity + beyond; ++i)
    events->publish(started("root/x"));
  release.set_value();
  CHECK(events->settle(in(10s)));
  CHECK(seen == outlet::capacity + 1);
  auto lost = events->close();
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].subscription == id);
  CHECK(lost[0].events == beyond);
  CHECK_FALSE(lost[0].stuck);
}

TEST_CASE("unsubscribe waits for a call that is under way", "[core]") {
  auto events = std::make_shared<event_bus>();
  std::promise<void> release;
  std::latch inside{1};
  std::atomic<bool> running{false};
  auto id =
    events->subscribe([&, go = release.get_future().share()](const auto&) {
      running = true;
      inside.count_down();
      go.wait();
      running = false;
    });
  std::thread publisher{[&] {
    events->publish(started("root/x"));
  }};
  inside.wait();
  auto left = std::async(std::launch::async, [&] {
    events->unsubscribe(id);
    return !running;
  });
  // Nothing tells that it goes on waiting.
  CHECK(left.wait_for(50ms) == std::future_status::timeout);
  release.set_value();
  CHECK(left.get());
  publisher.join();
  events->publish(started("root/x"));
  CHECK(events->settle(in(10s)));
  CHECK_FALSE(running);
}

TEST_CASE("what a callback refers to may go once unsubscribe has returned",
          "[core]") {
  auto events = std::make_shared<event_bus>();
  std::atomic<bool> over{false};
  std::thread publisher{[&] {
    while (!over)
      events->publish(started("root/x"));
  }};
  std::atomic<int> late{0};
  for (auto round = 0; round < 300; ++round) {
    std::atomic<bool> gone{false};
    std::latch called{1};
    std::atomic<bool> first{true};
    auto id = events->subscribe([&](const auto&) {
      if (first.exchange(false))
        called.count_down();
      late += gone ? 1 : 0;
    });
    called.wait();
    events->unsubscribe(id);
    gone = true;
  }
  over = true;
  publisher.join();
  CHECK(late == 0);
}

TEST_CASE("a callback may unsubscribe itself and others", "[core]") {
  auto events = std::make_shared<event_bus>();
  std::promise<event_bus::ticket> mine;
  std::promise<event_bus::ticket> other;
  std::atomic<int> calls{0};
  std::promise<void> done;
  mine.set_value(
    events->subscribe([&, me = mine.get_future().share(),
                       it = other.get_future().share()](const auto&) {
      events->unsubscribe(it.get());
      events->unsubscribe(me.get());
      ++calls;
      done.set_value();
    }));
  other.set_value(events->subscribe([&](const auto&) {}));
  events->publish(started("root/x"));
  done.get_future().wait();
  CHECK_FALSE(events->wanted());
  events->publish(started("root/x"));
  CHECK(events->settle(in(10s)));
  CHECK(calls == 1);
}

TEST_CASE("callbacks that unsubscribe each other do not wait for ever",
          "[core]") {
  constexpr auto count = 3;
  for (auto round = 0; round < 50; ++round) {
    // Two buses, since callbacks of one may meet those of another.
    std::array buses{std::make_shared<event_bus>(),
                     std::make_shared<event_bus>()};
    std::array<event_bus::ticket, count> tickets{};
    std::latch inside{count};
    std::latch returned{count};
    auto bus = [&](auto i) -> event_bus& {
      return *buses[i % buses.size()];
    };
    for (std::size_t i = 0; i < count; ++i)
      tickets[i] = bus(i).subscribe([&, i](const auto&) {
        inside.arrive_and_wait();
        auto next = (i + 1) % count;
        bus(next).unsubscribe(tickets[next]);
        returned.count_down();
      });
    for (auto& x : buses)
      x->publish(started("root/x"));
    returned.wait();
    for (auto& x : buses)
      REQUIRE(x->settle(in(10s)));
  }
}

TEST_CASE("a callback may throw anything", "[core]") {
  auto events = std::make_shared<event_bus>();
  std::atomic<int> calls{0};
  auto fail = [&](const auto&) {
    ++calls;
    throw 42;
  };
  events->subscribe(fail);
  events->observe(fail);
  events->publish(started("root/x"));
  events->publish(started("root/x"));
  CHECK(events->settle(in(10s)));
  CHECK(calls == 4);
}

TEST_CASE("a closed bus calls no function, and says which was stuck",
          "[core]") {
  auto events = std::make_shared<event_bus>();
  std::latch inside{1};
  auto release = std::make_shared<std::promise<void>>();
  auto calls = std::make_shared<std::atomic<int>>(0);
  auto id = events->subscribe(
    [&inside, calls, go = release->get_future().share()](const auto&) {
      if (++*calls == 1)
        inside.count_down();
      go.wait();
    });
  events->publish(started("root/x"));
  events->publish(started("root/x"));
  inside.wait();
  auto lost = events->close();
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].subscription == id);
  CHECK(lost[0].stuck);
  CHECK(lost[0].events == 1);
  CHECK(events->subscribe([](const auto&) {}) == 0);
  release->set_value();
  events->publish(started("root/x"));
  CHECK(*calls == 1);
}
