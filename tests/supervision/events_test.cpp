#include "support/catch.hpp"

#include <hololoom/actors/supervision/events.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace hololoom;

namespace {

lifecycle_event started(std::string path) {
  lifecycle_event e;
  e.path = std::move(path);
  e.what = transition::started;
  return e;
}

} // namespace

TEST_CASE("a subscriber may unsubscribe while it is called", "[core]") {
  auto events = std::make_shared<event_bus>();
  std::string calls;
  event_bus::ticket first = 0;
  first = events->subscribe([&](const lifecycle_event&) {
    calls += "a";
    events->unsubscribe(first);
  });
  events->subscribe([&](const lifecycle_event&) { calls += "b"; });
  events->publish(started("root/x"));
  CHECK(calls == "ab");
  events->publish(started("root/x"));
  CHECK(calls == "abb");
}

TEST_CASE("a subscription added by a subscriber gets the next event",
          "[core]") {
  auto events = std::make_shared<event_bus>();
  auto calls = 0;
  event_bus::ticket first = 0;
  first = events->subscribe([&](const lifecycle_event&) {
    events->unsubscribe(first);
    for (auto i = 0; i < 100; ++i)
      events->subscribe([&](const lifecycle_event&) { ++calls; });
  });
  events->publish(started("root/x"));
  CHECK(calls == 0);
  events->publish(started("root/x"));
  CHECK(calls == 100);
}

TEST_CASE("threads may subscribe and unsubscribe while others publish",
          "[core]") {
  auto events = std::make_shared<event_bus>();
  constexpr auto rounds = 500;
  std::atomic<std::int64_t> kept = 0;
  std::atomic<std::int64_t> fleeting = 0;
  for (auto i = 0; i < 3; ++i)
    events->subscribe([&](const lifecycle_event&) {
      ++kept;
      std::this_thread::yield(); // Lets the list change under the publisher.
    });
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
  CHECK(kept == 3 * 2 * rounds);
  CHECK(fleeting % 64 == 0);
}
