#include "support/catch.hpp"
#include "support/sanitizer.hpp"

#include <hololoom/messages/caf/actor_system.hpp>
#include <hololoom/messages/caf/type_ids.hpp>
#include <hololoom/runtime/loom.hpp>

#include <caf/actor_registry.hpp>
#include <caf/actor_system_config.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iterator>
#include <latch>
#include <malloc.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

// Many looms one after the other, and many threads that use one while it
// closes: nothing is left behind, and every request is answered.
//
// HOLOLOOM_CYCLES=100000 opens and closes more of them (`make soak-test`).

using namespace hololoom;
using namespace std::chrono_literals;

namespace {

loom opened(caf::expected<loom> x) {
  if (!x)
    throw std::runtime_error{explain(x.error())};
  return std::move(*x);
}

/// What a loom could leave behind in its process.
struct footprint {
  static footprint now() {
    using iterator = std::filesystem::directory_iterator;
    return {std::distance(iterator{"/proc/self/task"}, iterator{}),
            std::distance(iterator{"/proc/self/fd"}, iterator{}),
            static_cast<std::int64_t>(mallinfo2().uordblks)};
  }

  std::ptrdiff_t threads;
  std::ptrdiff_t descriptors;
  /// Memory that was asked for and not given back; 0 under AddressSanitizer.
  std::int64_t bytes;
};

int cycles(int standard) {
  const auto* text = std::getenv("HOLOLOOM_CYCLES");
  return text != nullptr ? std::atoi(text) : standard;
}

/// Sanitizers make threads, of which a loom has ten, several times as slow.
constexpr int many = test::under_asan ? 1'000 : 10'000;

/// Calls `cycle` so often, after a few that warm up, and compares.
template <class F>
void leaves_nothing(int count, F cycle) {
  for (int i = 0; i < 20; ++i)
    cycle();
  // In the user's own system, a timer may keep an ended actor's memory for half
  // a second, and no event tells when it is released.
  std::this_thread::sleep_for(1s);
  auto before = footprint::now();
  for (int i = 0; i < count; ++i)
    cycle();
  // Less than 16 bytes a loom: one leaked node of anything is more. Started
  // without the environment that ctest gives, malloc keeps some for each
  // thread.
  auto caches = std::getenv("GLIBC_TUNABLES") != nullptr ? 64 : 2048;
  auto most = before.bytes + caches * 1024 + 16 * count;
  auto after = footprint::now();
  auto limit = std::chrono::steady_clock::now() + 10s;
  while ((after.threads > before.threads || after.bytes > most)
         && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(10ms);
    after = footprint::now();
  }
  std::printf("%d times: threads %td to %td, descriptors %td to %td, bytes in "
              "use %lld to %lld\n",
              count, before.threads, after.threads, before.descriptors,
              after.descriptors, static_cast<long long>(before.bytes),
              static_cast<long long>(after.bytes));
  CHECK(after.threads <= before.threads);
  CHECK(after.descriptors == before.descriptors);
  CHECK(after.bytes <= most);
}

task sleep_for_ever(task_context ctx) {
  for (;;)
    co_await ctx.sleep_for(1h);
}

} // namespace

TEST_CASE("10,000 looms in one actor system leave nothing behind") {
  caf::actor_system_config cfg;
  register_types(cfg);
  // Its workers sleep while there is nothing to do; those of the other policy
  // look for work all the time, which most of the test would be spent on.
  set_policy(cfg, "sharing");
  caf::actor_system system{cfg};
  auto actors = system.registry().running();
  std::atomic<int> bad = 0;
  constexpr int at_once = 8;
  leaves_nothing(cycles(many) / at_once, [&] {
    std::vector<std::thread> threads;
    for (int i = 0; i < at_once; ++i)
      threads.emplace_back([&] {
        auto x = opened(loom::open(config::bare(), system));
        bad += x.close().exit_code == 0 ? 0 : 1;
      });
    for (auto& thread : threads)
      thread.join();
    // The system is the user's: a loom does not wait for its last actor.
    system.registry().await_running_count_equal(actors);
  });
  CHECK(bad == 0);
  CHECK(system.registry().running() == actors);
}

TEST_CASE("looms with their own actor systems leave nothing behind") {
  int bad = 0;
  leaves_nothing(cycles(500), [&] {
    auto x = opened(loom::open(config::bare()));
    bad += x.close().exit_code == 0 ? 0 : 1;
  });
  CHECK(bad == 0);
}

TEST_CASE("a thousand threads that close at once get one report") {
  auto x = opened(loom::open(config::fast()));
  std::atomic<int> hooks{0};
  REQUIRE(!x.at_shutdown(cascade_phase::refuse, "count", 1s, [&] { ++hooks; }));
  constexpr int closers = 1'000;
  std::latch ready{closers};
  std::vector<shutdown_report> reports(closers);
  std::vector<std::thread> threads;
  threads.reserve(closers);
  for (auto& report : reports)
    threads.emplace_back([&] {
      ready.arrive_and_wait();
      report = x.close();
    });
  for (auto& thread : threads)
    thread.join();
  int different = 0;
  for (const auto& report : reports)
    different += report == reports.front() ? 0 : 1;
  CHECK(different == 0);
  CHECK(reports.front().exit_code == 0);
  CHECK(reports.front().phases.size() == 6); // Five, and the hook's line.
  CHECK(hooks == 1);
}

namespace {

/// The answers that a thread got, by the part of the loom that gives them.
struct answers_by_kind {
  std::atomic<std::int64_t> asked{0};
  std::atomic<std::int64_t> done{0};
  std::atomic<std::int64_t> refused{0};
  std::atomic<std::int64_t> cut{0};
  /// The loom was closed already: no shutdown speaks of it.
  std::atomic<std::int64_t> closed{0};
  std::atomic<std::int64_t> others{0};

  void count(const caf::error& why) {
    switch (code_of(why)) {
      case errc::shutting_down: ++refused; break;
      case errc::cancelled: ++cut; break;
      case errc::closed: ++closed; break;
      default: ++others; UNSCOPED_INFO(explain(why));
    }
  }

  template <class T>
  void count(caf::expected<T> x) {
    if (x)
      ++done;
    else
      count(x.error());
  }

  std::int64_t answered() const {
    return done + refused + cut + closed + others;
  }
};

} // namespace

TEST_CASE("every weave requested while a loom closes is answered and counted") {
  for (int round = 0; round < 30; ++round) {
    auto cfg = config::bare();
    cfg.weave.max_waiting = 1'000'000;
    // A tool that takes too long is cut; else all that was taken is finished.
    if (round % 3 == 0)
      cfg.shutdown.grace = millis{0};
    auto x = opened(loom::open(cfg));
    answers_by_kind weaves;
    answers_by_kind tasks;
    std::latch busy{5};
    auto ask = [&](int who) {
      std::vector<std::future<caf::expected<spacetime>>> woven;
      std::vector<std::future<caf::expected<child_started>>> started;
      for (int i = 0; weaves.closed == 0; ++i) {
        ++weaves.asked;
        woven.push_back(x.weave_async({"what is 1 + 1", {}}));
        ++tasks.asked;
        started.push_back(x.spawn_background_async(background::coroutine(
          std::to_string(who) + "-" + std::to_string(i), sleep_for_ever)));
        if (i == 50)
          busy.count_down();
        // A few at a time, so that some are always under way.
        if (woven.size() < 20)
          continue;
        weaves.count(woven.front().get());
        tasks.count(started.front().get());
        woven.erase(woven.begin());
        started.erase(started.begin());
      }
      for (auto& w : woven)
        weaves.count(w.get());
      for (auto& s : started)
        tasks.count(s.get());
    };
    std::vector<std::thread> threads;
    for (int who = 0; who < 4; ++who)
      threads.emplace_back(ask, who);
    busy.arrive_and_wait();
    auto report = x.close();
    for (auto& thread : threads)
      thread.join();
    INFO("round " << round);
    CHECK(report.exit_code == (report.first_force_at ? 75 : 0));
    CHECK(report.abandoned.empty());
    CHECK(weaves.answered() == weaves.asked);
    CHECK(weaves.others == 0);
    CHECK(report.weaves.refused == weaves.refused);
    CHECK(report.weaves.cut == weaves.cut);
    CHECK(report.weaves.drained <= weaves.done);
    CHECK(tasks.answered() == tasks.asked);
    CHECK(tasks.others == 0);
    // Each task that was started has its end in the report.
    std::int64_t ended = 0;
    for (const auto& child : report.children)
      if (child.kind == "coroutine")
        ended += child.name.starts_with("root/") ? 1 : std::stoll(child.name);
    CHECK(ended == tasks.done);
  }
}
