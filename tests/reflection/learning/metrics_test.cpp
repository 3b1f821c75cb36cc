#include "reflection/make.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/learning/metrics.hpp>
#include <hololoom/actors/reflection/learning/posterior.hpp>
#include <hololoom/actors/reflection/metrics_summary.hpp>

#include <fstream>

using namespace hololoom;
using namespace hololoom::test;

TEST_CASE("of too many tools and cards, those with the fewest uses are "
          "forgotten") {
  learned_state state;
  outcome x;
  x.tool = x.pattern = "often";
  for (auto i = 0; i < 3; ++i)
    count(state, x);
  for (std::size_t i = 0; i + 1 < most_names; ++i) {
    x.tool = x.pattern = "name-" + std::to_string(i);
    count(state, x);
  }
  CHECK(state.policy.tools.size() == most_names);
  x.tool = x.pattern = "a new one";
  count(state, x);
  CHECK(state.policy.tools.size() == most_names - most_names / 4 + 1);
  CHECK(state.metrics.tool_success_rates.size() == state.policy.tools.size());
  CHECK(state.metrics.pattern_usage_counts.size() == state.policy.tools.size());
  CHECK(state.policy.tools.contains("often"));
  CHECK(state.policy.tools.contains("a new one"));
  CHECK(state.metrics.total_cycles
        == static_cast<std::int64_t>(most_names) + 3);
}

namespace {

outcome made(const std::string& tool, bool success, double confidence,
             double duration_ms, const std::string& query) {
  episode x;
  x.woven = woven(query, tool, confidence, duration_ms, "Bare Threading");
  x.reward = success ? 1 : 0;
  x.success = success;
  x.at = now();
  return outcome_of(x);
}

} // namespace

TEST_CASE("metrics count as the original's summary does") {
  reflection_metrics m;
  count(m, made("calc", true, .273630, 1000, "What is Thompson Sampling?"));
  count(m, made("search", true, .3, 1100, "Explain lifecycle management"));
  count(m,
        made("search", false, .293396, 1432.5, "How does exploration work?"));
  CHECK(m.total_cycles == 3);
  CHECK(m.successful_cycles == 2);
  CHECK(m.failed_cycles == 1);
  CHECK(m.tool_usage_counts
        == std::map<std::string, std::int64_t>{{"calc", 1}, {"search", 2}});
  CHECK(m.tool_success_rates.at("calc") == 1);
  CHECK(m.tool_success_rates.at("search") == .5);
  CHECK(m.pattern_success_rates.at("Bare Threading")
        == Approx(.667).margin(.001));
  CHECK(m.pattern_avg_duration.at("Bare Threading") == Approx(1177.5));
  CHECK(m.successful_query_lengths == std::vector<std::int64_t>{26, 28});
  CHECK(m.failed_query_lengths == std::vector<std::int64_t>{26});
  CHECK(m.success_rate() == Approx(2.0 / 3));
}

TEST_CASE("the histories of query lengths are capped") {
  reflection_metrics m;
  for (auto i = 1; i <= 250; ++i)
    count(m, made("calc", true, .5, 1, std::string(std::size_t(i), 'x')));
  CHECK(m.successful_query_lengths.size() == 100);
  CHECK(m.successful_query_lengths.back() == 250);
}

TEST_CASE("query lengths are code points") {
  CHECK(code_points("") == 0);
  CHECK(code_points("Wärp") == 4);
  CHECK(code_points("日本語") == 3);
}

TEST_CASE("a reward between 0 and 1 is shared between alpha and beta") {
  std::map<std::string, tool_posterior> tools;
  count(tools, "calc", .7, true, 1);
  CHECK(tools.at("calc").alpha == Approx(1.7));
  CHECK(tools.at("calc").beta == Approx(1.3));
  CHECK(tools.at("calc").mean() == Approx(1.7 / 3));
  count(tools, "answer", 0, false, .5);
  CHECK(tools.at("calc").alpha == Approx(1.35));
  CHECK(tools.at("answer").beta == 2);
  CHECK(tools.at("answer").failures == 1);
}

TEST_CASE("the summary file has the original's keys, in order, and nothing "
          "else is left") {
  scratch_directory dir;
  reflection_metrics m;
  count(m, made("calc", true, .5, 100, "What?"));
  REQUIRE(!write_summary(dir.path(), m));
  REQUIRE(!write_summary(dir.path(), m));
  CHECK(*read_summary(dir.path()) == m);
  std::ifstream in{dir.path() / "metrics_summary.json"};
  auto value = json::parse(in);
  std::vector<std::string> keys;
  for (const auto& [key, unused] : value.items())
    keys.push_back(key);
  CHECK(keys
        == std::vector<std::string>{
          "total_cycles", "successful_cycles", "failed_cycles",
          "tool_success_rates", "tool_avg_confidence", "tool_usage_counts",
          "pattern_success_rates", "pattern_avg_duration",
          "pattern_usage_counts", "successful_query_lengths",
          "failed_query_lengths", "last_updated", "schema_version"});
  auto files = 0;
  for (const auto& unused : std::filesystem::directory_iterator{dir.path()})
    files += unused.exists() ? 1 : 0;
  CHECK(files == 1);
}

TEST_CASE("a summary that cannot be written is an error with the reason") {
  auto err = write_summary("/proc/nowhere", {});
  REQUIRE(err);
  CHECK_THAT(explain(err), Catch::Matchers::Contains("/proc/nowhere"));
}
