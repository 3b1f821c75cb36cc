#include "runtime/looms.hpp"
#include "support/catch.hpp"

#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/runtime/loom.hpp>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>

// A user's worker lives through anything that becomes of the loom's parts.
// HOLOLOOM_KILLS says how many are killed (a thousand in `make survival-test`),
// HOLOLOOM_SEED in which order.

using namespace hololoom;
using namespace std::chrono_literals;
using namespace hololoom::test;

namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const auto* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

} // namespace

TEST_CASE("two parts that fail at once do not fail the loom") {
  using pair = std::pair<const char*, const char*>;
  auto both = GENERATE(pair{"root/yarn", "root/weavers/weaver-1"},
                       pair{"root/yarn", "root/weavers"},
                       pair{"root/reflection", "root/shuttle"},
                       pair{"root/reflection", "root/yarn"});
  const auto* first = both.first;
  const auto* second = both.second;
  INFO(first << " and " << second);
  auto cfg = config::fast();
  cfg.log.level = std::getenv("HOLOLOOM_LOG") ? "info" : "off";
  auto x = open(cfg);
  event_watch events{x};
  auto names = x.names();
  auto is_back = [&](const char* path, const caf::strong_actor_ptr& victim) {
    auto now = names->find(path);
    return now && now != victim;
  };
  auto one = names->find(first);
  auto other = names->find(second);
  exit_high(one, caf::exit_reason::kill);
  exit_high(other, caf::exit_reason::kill);
  REQUIRE(events.wait_until([&] {
    return x.state() == loom_state::failed
        || (is_back(first, one) && is_back(second, other)
            && x.state() == loom_state::running);
  }));
  CHECK(x.state() == loom_state::running);
  CHECK(x.weave("what is 6 * 7"));
}

TEST_CASE("a worker survives random kills of the loom's parts") {
  auto kills = number_from("HOLOLOOM_KILLS", 30);
  auto seed = number_from("HOLOLOOM_SEED", std::random_device{}());
  INFO("HOLOLOOM_SEED=" << seed);
  constexpr std::array parts{"root/shuttle",    "root/weavers",
                             "root/reflection", "root/yarn",
                             "root/workers",    "root/weavers/weaver-1"};
  auto cfg = config::fast();
  // What is shown is not how often parts may fail.
  cfg.parts.give_up_after = 1'000'000;
  cfg.log.level = std::getenv("HOLOLOOM_LOG") ? "info" : "off";
  auto x = open(cfg);
  event_watch events{x};
  auto names = x.names();
  std::atomic<std::int64_t> beats{0};
  std::atomic<std::int64_t> starts{0};
  REQUIRE(x.spawn_background(
    background::coroutine("beat", [&](task_context ctx) -> task {
      ++starts;
      for (;;) {
        co_await ctx.sleep_for(1ms);
        ++beats;
        beats.notify_all();
      }
    }).restart(restart_type::permanent)));
  std::minstd_rand random{static_cast<std::uint32_t>(seed)};
  std::int64_t of_workers = 0;
  for (std::uint64_t i = 0; i < kills; ++i) {
    const std::string path = parts[random() % parts.size()];
    caf::strong_actor_ptr victim;
    REQUIRE(events.wait_until([&] {
      victim = names->find(path);
      return victim || x.state() == loom_state::failed;
    }));
    REQUIRE(x.state() != loom_state::failed);
    exit_high(victim, caf::exit_reason::kill);
    REQUIRE(events.wait_until([&] { return names->find(path) != victim; }));
    of_workers += path == "root/workers" ? 1 : 0;
  }
  REQUIRE(events.wait_until([&] { return x.state() == loom_state::running; }));
  beats.wait(beats);
  // Only a restart of its own supervisor had it start again.
  CHECK(starts == 1 + of_workers);
  auto woven = x.weave("what is 6 * 7");
  REQUIRE(woven);
  CHECK(woven->response.find("42") != std::string::npos);
  CHECK(x.close().exit_code == 0);
  std::printf("%llu kills: the worker started %lld times, as often as its "
              "supervisor (seed %llu)\n",
              static_cast<unsigned long long>(kills),
              static_cast<long long>(starts),
              static_cast<unsigned long long>(seed));
}
