// Consolidation as in a loom: by a supervised background worker.

#include "reflection/make.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/recent_episodes.hpp>
#include <hololoom/runtime/loom.hpp>

#include <algorithm>
#include <mutex>

using namespace hololoom;
using namespace hololoom::test;

namespace {

loom open(const scratch_directory& dir, millis interval,
          loom_extras extras = {}) {
  auto cfg = config::bare();
  cfg.data_dir = dir.path().string();
  cfg.reflection.consolidation_interval = interval;
  auto result = loom::open(std::move(cfg), std::move(extras));
  if (!result)
    FAIL(explain(result.error()));
  return std::move(*result);
}

bool has_worker(const loom& x) {
  const auto& children = x.tree().children;
  return std::any_of(children.begin(), children.end(), [](const auto& child) {
    return child.path == "root/workers/consolidation";
  });
}

/// How many episodes the stored ones stand for.
std::int64_t stand_for(const episode_page& page) {
  std::int64_t result = 0;
  for (const auto& x : page.episodes)
    result += merged_count(x);
  return result;
}

} // namespace

TEST_CASE("a loom consolidates only if it is told to") {
  for (const auto& cfg : {config::bare(), config::fast(), config::fused()}) {
    CHECK(cfg.reflection.consolidation_interval == millis{0});
    CHECK(cfg.reflection.prune_below == 0);
  }
}

TEST_CASE("a loom consolidates in the background, and says so") {
  scratch_directory dir;
  constexpr auto count = 24;
  std::mutex mutex;
  std::string noted;
  {
    loom_extras extras;
    extras.on_event = [&](const lifecycle_event& x) {
      std::lock_guard guard{mutex};
      if (x.what == transition::noted)
        noted = x.path + ": " + x.reason;
    };
    auto x = open(dir, millis{20}, std::move(extras));
    CHECK(has_worker(x));
    for (auto i = 0; i < count; ++i)
      REQUIRE(x.reflect(woven("Again?", "answer", .5), {}, .5));
    // The query takes time, too.
    auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    auto page = x.episodes();
    while (page && page->episodes.size() > 9
           && std::chrono::steady_clock::now() < until)
      page = x.episodes();
    REQUIRE(page);
    CHECK(page->episodes.size() <= 9);
    CHECK(stand_for(*page) == count);
    CHECK(x.reflection_metrics()->total_cycles == count);
    CHECK(x.close().exit_code == 0);
  }
  CHECK(noted.starts_with("root/reflection: a consolidation removed the texts "
                          "of "));
  auto x = open(dir, millis{0});
  CHECK(!has_worker(x));
  auto page = x.episodes();
  REQUIRE(page);
  CHECK(page->episodes.size() <= 9);
  CHECK(stand_for(*page) == count);
  CHECK(x.reflection_metrics()->total_cycles == count);
}
