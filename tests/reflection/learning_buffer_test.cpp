#include "reflection/asking.hpp"
#include "reflection/running_buffer.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/recent_episodes.hpp>

#include <chrono>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

void store(running_buffer& buffer, const std::string& tool, int n,
           double reward) {
  for (auto i = 0; i < n; ++i) {
    auto request = reflection("Learn?", tool, .5);
    request.reward = reward;
    REQUIRE(buffer.ask<reflect_ack>(request));
  }
}

} // namespace

TEST_CASE("an analysis is applied once, and survives a restart") {
  scratch_directory dir;
  policy_snapshot before;
  {
    running_buffer buffer{options_in(dir)};
    store(buffer, "good", 20, .9);
    store(buffer, "bad", 6, .1);
    auto first = buffer.ask<learned>(learn_request{true, true});
    REQUIRE(first);
    CHECK(first->signals.size() >= 4);
    before = *buffer.ask<policy_snapshot>(policy_query{});
    CHECK(before.tools.at("bad").beta == Approx(1 + 6 * .9 + .6));
    CHECK(*before.preferred_card == "Fast Threading");
    REQUIRE(buffer.ask<learned>(learn_request{true, true}));
    CHECK(*buffer.ask<policy_snapshot>(policy_query{}) == before);
    auto early = buffer.ask<learned>(learn_request{false, true});
    REQUIRE(early);
    CHECK(early->signals.empty());
  }
  running_buffer buffer{options_in(dir)};
  CHECK(*buffer.ask<policy_snapshot>(policy_query{}) == before);
}

TEST_CASE("an analysis that is due waits for enough episodes, and no longer") {
  // In memory only, so that the buffers open at once.
  reflection_options options;
  options.analysis_interval = 2s;
  auto preferred = [](running_buffer& x) {
    return static_cast<bool>(
      x.ask<policy_snapshot>(policy_query{})->preferred_card);
  };
  running_buffer buffer{options};
  store(buffer, "good", 9, .9);
  // By now the analysis was due with too few episodes: another one that started
  // later has had its turn.
  running_buffer later{options};
  store(later, "good", 10, .9);
  CHECK(eventually([&] { return preferred(later); }));
  CHECK(!preferred(buffer));
  // That was no analysis, so that the next is not an interval away.
  auto enough = std::chrono::steady_clock::now();
  store(buffer, "good", 1, .9);
  CHECK(eventually([&] { return preferred(buffer); }));
  CHECK(std::chrono::steady_clock::now() - enough
        < options.analysis_interval / 2);
}

TEST_CASE("an analysis that is not applied changes nothing") {
  running_buffer buffer{reflection_options{}};
  store(buffer, "bad", 12, .1);
  auto before = buffer.ask<policy_snapshot>(policy_query{});
  auto found = buffer.ask<learned>(learn_request{true, false});
  REQUIRE(found);
  CHECK(!found->signals.empty());
  CHECK(*buffer.ask<policy_snapshot>(policy_query{}) == *before);
}

TEST_CASE("a consolidation merges on disk and keeps what was learned") {
  scratch_directory dir;
  reflection_metrics before;
  {
    running_buffer buffer{options_in(dir)};
    auto request = reflection("First?", "good", .5);
    request.episode_id = "first";
    request.reward = .9;
    REQUIRE(buffer.ask<reflect_ack>(request));
    store(buffer, "good", 11, .9);
    store(buffer, "other", 2, .5);
    for (auto i = 0; i < 4; ++i) {
      auto says = reflection("Learn?", "good", .5);
      says.reward = .9;
      says.woven.response = "Answer " + std::to_string(i);
      REQUIRE(buffer.ask<reflect_ack>(says));
    }
    before = *buffer.ask<reflection_metrics>(metrics_query{});
    auto report = buffer.ask<consolidation_report>(consolidate_request{});
    if (!report)
      FAIL(explain(report.error()));
    CHECK(report->merged == 10);
    CHECK(report->final_episode_count == 8);
    CHECK(*buffer.ask<reflection_metrics>(metrics_query{}) == before);
    // A retry of an episode that was merged still does not count.
    auto again = buffer.ask<reflect_ack>(request);
    if (!again)
      FAIL(explain(again.error()));
    CHECK(again->sequence == 1);
    CHECK(again->duplicate);
  }
  running_buffer buffer{options_in(dir)};
  REQUIRE(!buffer.opened());
  CHECK(*buffer.ask<reflection_metrics>(metrics_query{}) == before);
  auto page = buffer.ask<episode_page>(episodes_query{});
  REQUIRE(page->episodes.size() == 8);
  CHECK(page->episodes[0].id == "first");
  CHECK(merged_count(page->episodes[1]) == 11);
  auto empty = running_buffer{reflection_options{}}.ask<consolidation_report>(
    consolidate_request{});
  REQUIRE(empty);
  CHECK(empty->final_episode_count == 0);
}

TEST_CASE("pages reach back to episodes that are no longer in memory") {
  scratch_directory dir;
  auto options = options_in(dir);
  options.capacity = 5;
  running_buffer buffer{options};
  store(buffer, "good", 12, .9);
  std::int64_t after = 0;
  auto seen = 0;
  for (;;) {
    auto page = buffer.ask<episode_page>(episodes_query{after, 5});
    REQUIRE(page);
    if (page->episodes.empty())
      break;
    seen += static_cast<int>(page->episodes.size());
    after = page->last;
  }
  CHECK(seen == 12);
}

TEST_CASE("few very long episodes are in memory, and few in a page") {
  constexpr std::size_t length = 12 << 20;
  constexpr int count = 8;
  scratch_directory dir;
  auto options = options_in(dir);
  auto read_all = [length](running_buffer& buffer) {
    std::vector<std::size_t> pages;
    for (std::int64_t after = 0;;) {
      auto page = buffer.ask<episode_page>(episodes_query{after, 100});
      REQUIRE(page);
      if (page->episodes.empty())
        return pages;
      for (const auto& x : page->episodes)
        CHECK(x.woven.response.size() == length);
      pages.push_back(page->episodes.size());
      after = page->last;
    }
  };
  {
    running_buffer buffer{options};
    for (auto i = 0; i < count; ++i) {
      auto request = reflection("How long?", "answer", .9);
      request.woven.response.assign(length, 'x');
      REQUIRE(buffer.ask<reflect_ack>(request));
    }
    // 64 MiB and at most one episode more; then the five in memory.
    CHECK(read_all(buffer) == std::vector<std::size_t>{6, 2});
  }
  running_buffer again{options};
  CHECK(read_all(again) == std::vector<std::size_t>{6, 2});
  recent_episodes held{1000};
  for (std::int64_t i = 1; i <= count; ++i)
    held.add(i, {}, length);
  CHECK(held.size() == 5);
  CHECK(held.page(2, 100) == std::nullopt);
  CHECK(held.page(3, 100)->size() == 5);
  held.remove({4, 5});
  held.add(count + 1, {}, length);
  CHECK(held.size() == 4);
  held.add(count + 2, {}, 2 * most_body_bytes);
  CHECK(held.size() == 1);
}
