#include "reflection/make.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/learning/consolidate.hpp>
#include <hololoom/actors/reflection/learning/learning.hpp>
#include <hololoom/messages/json/value.hpp>

#include <algorithm>

using namespace hololoom;
using namespace hololoom::test;

namespace {

std::vector<sample>
window(const std::vector<std::tuple<std::string, int, double>>& groups) {
  std::vector<sample> result;
  for (const auto& [tool, n, reward] : groups)
    for (auto i = 0; i < n; ++i) {
      auto x = outcome_of(rewarded(tool, reward));
      result.push_back({std::ssize(result) + 1, x, 1});
    }
  return result;
}

/// Episodes that all say the same.
std::vector<candidate> alike(const std::vector<sample>& from) {
  std::vector<candidate> result;
  for (const auto& x : from)
    result.push_back({x, 1});
  return result;
}

std::vector<learning_signal> of(const std::vector<learning_signal>& all,
                                signal_type type) {
  std::vector<learning_signal> result;
  std::copy_if(all.begin(), all.end(), std::back_inserter(result),
               [&](const auto& x) { return x.type == type; });
  return result;
}

} // namespace

TEST_CASE("low entropy shows that few tools are used") {
  CHECK(normalised_entropy({17, 2, 1}) == Approx(.4717).margin(5e-5));
  CHECK(normalised_entropy({16, 3, 1}) == Approx(.5579).margin(5e-5));
  CHECK(normalised_entropy({20}) == 0);
}

TEST_CASE("a pattern's score is its reward, discounted for its duration") {
  CHECK(pattern_score(.7, 1.1775) == Approx(.62626).margin(5e-6));
}

TEST_CASE("an analysis of fewer than ten episodes yields nothing") {
  CHECK(analyse(window({{"a", 9, .9}})).empty());
}

TEST_CASE("each tool with three episodes gets a bandit update") {
  auto signals = of(analyse(window({{"a", 7, .9}, {"b", 3, .2}, {"c", 2, 1}})),
                    signal_type::bandit_update);
  REQUIRE(signals.size() == 2);
  CHECK(*signals[1].tool == "b");
  CHECK(*signals[1].reward == Approx(.2));
  CHECK(signals[1].priority == .8);
  CHECK(signals[1].evidence.values()["sample_count"] == 3);
  CHECK(signals[1].evidence.values()["std_reward"].get<double>()
        == Approx(0).margin(1e-7));
}

TEST_CASE("the pattern with the best score is preferred") {
  auto all = window({{"a", 6, .5}});
  for (auto i = 0; i < 6; ++i)
    all.push_back({7 + i, outcome_of(rewarded("a", .9, "Fused Threading")), 1});
  auto signals = of(analyse(all), signal_type::pattern_preference);
  REQUIRE(signals.size() == 1);
  CHECK(*signals[0].pattern == "Fused Threading");
  CHECK(signals[0].evidence.values()["pattern_scores"].size() == 2);
}

TEST_CASE("a tool that mostly fails loses trust, once for each failure") {
  auto all = window({{"good", 8, .9}, {"bad", 6, .1}});
  auto signals = analyse(all);
  auto less = of(signals, signal_type::threshold_adjustment);
  REQUIRE(less.size() == 1);
  CHECK(*less[0].tool == "bad");
  CHECK(less[0].evidence.values()["failure_count"] == 6);
  learned_state learned;
  learned.sequence = 14;
  auto first = adjust(signals, all, learned);
  CHECK(first.doubts.at("bad") == Approx(.6));
  apply(learned, first);
  CHECK(learned.policy.tools.at("bad").beta == Approx(1.6));
  CHECK(adjust(signals, all, learned).doubts.empty());
  all.push_back({15, outcome_of(rewarded("bad", .1)), 1});
  learned.sequence = 15;
  CHECK(adjust(analyse(all), all, learned).doubts.at("bad") == Approx(.1));
}

TEST_CASE("exploration rises in bounded steps while few tools are used") {
  learned_state learned;
  for (auto round = 1; round <= 6; ++round) {
    auto all = window({{"a", 17, .9}, {"b", 2, .9}, {"c", 1, .9}});
    for (auto& x : all)
      x.sequence += 20 * round;
    learned.sequence = 20 * round + 20;
    auto signals = analyse(all);
    REQUIRE(of(signals, signal_type::threshold_adjustment).size() == 1);
    apply(learned, adjust(signals, all, learned));
    CHECK(*learned.policy.epsilon == Approx(std::min(.3, .1 + .05 * round)));
  }
  for (auto round = 7; round <= 12; ++round) {
    auto even = window({{"a", 10, .9}, {"b", 10, .9}});
    for (auto& x : even)
      x.sequence += 20 * round;
    learned.sequence = 20 * round + 20;
    auto signals = analyse(even);
    CHECK(of(signals, signal_type::threshold_adjustment).empty());
    apply(learned, adjust(signals, even, learned));
  }
  CHECK(!learned.policy.epsilon);
}

TEST_CASE("episodes that say the same are merged into the newest of them") {
  auto all = alike(window({{"a", 10, .7}, {"b", 2, .9}, {"c", 3, .1}}));
  all[12].what.what.reward = .9;
  all[8].text = all[9].text = 2;
  auto plan = plan_consolidation(all, 1000, 0);
  REQUIRE(plan.mergers.size() == 1);
  CHECK(plan.mergers[0].stays == 8);
  CHECK(plan.mergers[0].go.size() == 7);
  CHECK(plan.mergers[0].count == 8);
  CHECK(plan.report.final_episode_count == 8);
  CHECK(plan_consolidation({}, 1000, 0).report.final_episode_count == 0);
}

TEST_CASE("episodes of one digest that do not say the same are not merged") {
  auto all = alike(window({{"a", 12, .7}, {"b", 4, .5}}));
  auto plan = plan_consolidation(all, 1000, 0);
  REQUIRE(plan.mergers.size() == 2);
  REQUIRE(plan.report.merged == 14);
  auto same = rewarded("a", .7);
  auto other = same;
  other.woven.response += "!";
  keep_equal(plan, [&](std::int64_t sequence) {
    return sequence == 3 ? &other : &same;
  });
  REQUIRE(plan.mergers.size() == 1);
  CHECK(plan.mergers[0].go.size() == 3);
  CHECK(plan.report.groups == 1);
  CHECK(plan.report.merged == 3);
  CHECK(plan.report.final_episode_count == 13);
}

TEST_CASE("what an episode says has no part in ids and times") {
  auto x = rewarded("answer", .5);
  auto y = rewarded("answer", .7);
  y.woven.trace.duration = millis{5};
  y.woven.created_at += std::chrono::hours{1};
  y.woven.metadata.set("merged", {{"count", 3}});
  CHECK(text_digest(x) == text_digest(y));
  auto differs = [&](auto change) {
    auto z = x;
    change(z);
    CHECK(text_digest(x) != text_digest(z));
  };
  differs([](episode& z) { z.woven.query_text += "!"; });
  differs([](episode& z) { z.woven.response += "!"; });
  differs([](episode& z) { z.woven.sources_used = {"a"}; });
  differs([](episode& z) { z.woven.metadata.set("a", 1); });
  differs([](episode& z) { z.said = feedback{nothing, nothing, "no"}; });
  CHECK(may_be_merged(y));
  y.woven.metadata.set("merged", "by somebody else");
  CHECK(!may_be_merged(y));
}

TEST_CASE("episodes with a low reward are pruned only on request, when the "
          "buffer is nearly full") {
  std::vector<sample> samples;
  for (auto i = 0; i < 160; ++i)
    samples.push_back(
      {i + 1,
       outcome_of(rewarded("tool-" + std::to_string(i), i % 2 ? .1 : .9)), 1});
  auto all = alike(samples);
  CHECK(plan_consolidation(all, 1000, .2).pruned.empty());
  CHECK(plan_consolidation(all, 200, 0).pruned.empty());
  auto plan = plan_consolidation(all, 200, .2);
  CHECK(plan.pruned.size() == 30);
  CHECK(plan.pruned.back() == 60);
  CHECK(plan.report.tool_diversity == 1);
}

TEST_CASE("a consolidation compares query lengths from twenty episodes on") {
  auto all = alike(window({{"a", 10, .9}, {"b", 10, .1}}));
  for (auto& x : all)
    x.what.what.query_length = x.what.what.success ? 10 : 20;
  auto compared = [&] {
    return plan_consolidation(all, 1000, 0).report.successful_queries;
  };
  CHECK(*compared() == "shorter");
  all.pop_back();
  CHECK(!compared());
}
