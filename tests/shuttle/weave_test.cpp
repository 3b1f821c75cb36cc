#include "support/catch.hpp"
#include "weaving.hpp"

#include <hololoom/actors/shuttle/weave/steps/steps.hpp>
#include <hololoom/messages/json/value.hpp>

#include <stdexcept>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> all_stages{
  "convergence",      "feature_extraction", "pattern_selection",
  "retrieval",        "spacetime_assembly", "temporal_setup",
  "thread_selection", "tool_execution",     "warp_tensioning"};

std::vector<std::string> stages_of(const spacetime& woven) {
  std::vector<std::string> result;
  for (const auto& [stage, took] : woven.trace.stage_durations)
    result.push_back(stage);
  return result;
}

tool_result fine(std::string text = "fine") {
  tool_result result;
  result.response = std::move(text);
  result.confidence = 1;
  return result;
}

timestamp time_of(std::string_view text) {
  return *parse_iso8601(text);
}

window_setup window_for(const query& asked, card_kind card, timestamp at) {
  return set_up_window(shard_index::empty()->view(asked.text), asked.metadata,
                       card_for(card), at);
}

} // namespace

TEST_CASE("a weave goes through all nine steps and says so") {
  loom_bench bench;
  auto woven = bench.weave("What is Thompson Sampling?");
  CHECK(stages_of(woven) == all_stages);
  CHECK(woven.id == "id-1");
  CHECK(woven.query_text == "What is Thompson Sampling?");
  CHECK(woven.metadata.text("pattern_card") == "Fused Threading");
  CHECK(woven.metadata.text("execution_mode") == "fused");
  CHECK(woven.metadata.text("status") == "success");
  CHECK(woven.metadata.values()["chrono_timeout"] == 8.0);
  CHECK(woven.metadata.values()["threads_activated"] == 3);
  CHECK(woven.trace.threads_activated.size() == 3);
  CHECK(woven.trace.context_shards_count == 3);
  CHECK(woven.trace.retrieval_mode == "fused");
  CHECK(woven.trace.tool_selected == "answer");
  CHECK(woven.trace.embedding_scales_used
        == std::vector<std::int64_t>{96, 192, 384});
  CHECK(woven.trace.motifs_detected
        == std::vector<std::string>{"thompson", "sampling", "question→answer",
                                    "question→answer"});
  REQUIRE(woven.trace.spectral_features);
  CHECK(woven.trace.spectral_features->has("coherence"));
  REQUIRE(woven.trace.bandit_statistics);
  REQUIRE(woven.trace.warp_operations.size() == 2);
  CHECK(woven.trace.warp_operations[0].op == "tension");
  CHECK(woven.trace.warp_operations[0].count == 3);
  CHECK(woven.trace.warp_operations[1].op == "detension");
  CHECK(woven.trace.warp_operations[1].count == 3);
  REQUIRE(woven.trace.tensor_field_stats);
  CHECK(woven.trace.tensor_field_stats->values()["threads_tensioned"] == 3);
  CHECK(*woven.context_summary == "3 shards");
  CHECK(woven.trace.errors.empty());
  CHECK(woven.trace.warnings.empty());
}

TEST_CASE("a fused config stays fused for a short query") {
  loom_bench bench;
  CHECK(bench.weave("short").metadata.text("execution_mode") == "fused");
}

TEST_CASE("a bare config weaves a long query") {
  loom_bench bench;
  bench.setting.options.card = "bare";
  bench.setting.options.scales = {96};
  auto woven = bench.weave("What is Thompson Sampling, and how does it balance "
                           "exploration and exploitation over time?");
  CHECK(woven.metadata.text("execution_mode") == "bare");
  CHECK(woven.trace.errors.empty());
  CHECK(woven.tool_used == "answer");
  CHECK(!woven.trace.spectral_features);
}

TEST_CASE("a card with scales that the config lacks still weaves") {
  loom_bench bench;
  bench.setting.options.scales = {96};
  bench.order.request.card = std::string{"fused"};
  auto woven = bench.weave("What is Thompson Sampling?");
  CHECK(woven.trace.errors.empty());
  CHECK(woven.trace.embedding_scales_used == std::vector<std::int64_t>{96});
}

TEST_CASE("an unknown card is a warning") {
  loom_bench bench;
  bench.order.request.card = std::string{"turbo"};
  auto woven = bench.weave("What is Thompson Sampling?");
  REQUIRE(woven.trace.warnings.size() == 1);
  CHECK(woven.trace.warnings[0].find("turbo") != std::string::npos);
  CHECK(woven.metadata.text("execution_mode") == "fused");
}

TEST_CASE("the same seed weaves the same") {
  auto run = [] {
    loom_bench bench;
    bench.setting.options.epsilon = 0.5;
    std::vector<std::string> result;
    for (auto i = 0; i < 20; ++i)
      result.push_back(bench.weave("Tell me of exploration").response);
    return result;
  };
  CHECK(run() == run());
}

TEST_CASE("without a memory, a weave warns and can still calculate") {
  loom_bench bench;
  bench.order.memory = nullptr;
  auto woven = bench.weave("what is 2 + 2");
  CHECK(woven.response == "2 + 2 = 4");
  REQUIRE(woven.trace.warnings.size() == 1);
  CHECK(woven.trace.warnings[0].find("memory") != std::string::npos);
}

TEST_CASE("a user's tool gets the shards and the query's features") {
  loom_bench bench;
  std::size_t shards = 0;
  std::vector<std::string> motifs;
  bench.setting.tools = only([&](const tool_input& in) {
    shards = in.shards.size();
    motifs = in.seen.motifs;
    return caf::expected<tool_result>{fine()};
  });
  auto woven = bench.weave("Thompson");
  CHECK(woven.tool_used == "custom");
  CHECK(woven.response == "fine");
  CHECK(shards == 3);
  CHECK(motifs == std::vector<std::string>{"thompson"});
}

TEST_CASE("a clear hint wins over an answer") {
  loom_bench bench;
  bench.setting.options.epsilon = 0;
  auto tools = std::make_shared<tool_registry>(builtin_tools());
  REQUIRE(!tools->add(make_tool(
    "weather",
    [](const query& asked, const features&) {
      return asked.text.find("weather") != std::string::npos ? 3.0 : -4.0;
    },
    [](const tool_input&) -> caf::expected<tool_result> {
      return fine("sunny");
    })));
  bench.setting.tools = tools;
  SECTION("with what the memory has") {}
  SECTION("and with nothing in it") {
    bench.order.memory = nullptr;
  }
  CHECK(bench.weave("What is the weather in Rome?").response == "sunny");
  CHECK(bench.weave("What is Thompson Sampling?").tool_used == "answer");
}

TEST_CASE("a tool needs both of its functions") {
  tool_registry tools;
  CHECK(is(tools.add(make_tool("x", nullptr, nullptr)), errc::invalid_config));
}

TEST_CASE("a tool that throws fails its step, not the weave") {
  loom_bench bench;
  bench.setting.tools =
    only([](const tool_input&) -> caf::expected<tool_result> {
      throw std::runtime_error("out of yarn");
    });
  auto woven = bench.weave("anything");
  REQUIRE(woven.trace.errors.size() == 1);
  CHECK(woven.trace.errors[0].stage == "tool_execution");
  CHECK(woven.trace.errors[0].error
        == "the tool \"custom\" threw from run: out of yarn");
  CHECK(woven.trace.errors[0].type == "tool_failed");
  CHECK(woven.tool_used == "custom");
  CHECK(stages_of(woven) == all_stages);
  CHECK(woven.trace.warp_operations.back().op == "detension");
}

TEST_CASE("a tool's confidence is kept within bounds") {
  loom_bench bench;
  bench.setting.tools = only([](const tool_input&) {
    auto result = fine();
    result.confidence = 17;
    return caf::expected<tool_result>{std::move(result)};
  });
  CHECK(bench.weave("anything").confidence <= 1.0);
}

TEST_CASE("sources are named once") {
  loom_bench bench;
  bench.setting.tools = only([](const tool_input&) {
    auto result = fine();
    result.sources = {"a", "b", "a", "", "b"};
    return caf::expected<tool_result>{std::move(result)};
  });
  CHECK(bench.weave("anything").sources_used
        == std::vector<std::string>{"a", "b"});
}

TEST_CASE(
  "a tool sees its share of the deadline, and a late result is degraded") {
  loom_bench bench;
  millis given{0};
  bench.setting.tools = only([&](const tool_input& in) {
    given = in.limit.remaining();
    CHECK(!in.limit.over());
    bench.clock.advance(900ms);
    CHECK(in.limit.over());
    return caf::expected<tool_result>{fine("late but here")};
  });
  auto woven = bench.weave("anything");
  CHECK(given.count() == Approx(800));
  CHECK(woven.response == "late but here");
  CHECK(woven.metadata.text("status") == "degraded");
  REQUIRE(woven.trace.warnings.size() == 1);
  CHECK(woven.trace.warnings[0].find("tool_execution") != std::string::npos);
  CHECK(woven.trace.stage_durations.at("tool_execution") == 900ms);
  CHECK(woven.trace.duration == 900ms);
}

TEST_CASE("a deadline that passes before the tool names the step") {
  loom_bench bench;
  bench.order.request.deadline = millis{100};
  // Each look at the clock takes 4 ms, as on a very slow machine.
  bench.setting.clock = [clock = bench.clock] {
    clock.advance(4ms);
    return *clock.time;
  };
  auto woven = bench.weave("What is Thompson Sampling?");
  CHECK(woven.tool_used == "error");
  CHECK(woven.confidence == 0);
  CHECK(woven.metadata.text("error_type") == "deadline_exceeded");
  REQUIRE(woven.trace.errors.size() == 1);
  const auto& error = woven.trace.errors[0];
  CHECK(error.type == "deadline_exceeded");
  CHECK(woven.trace.stage_durations.count(error.stage) == 0);
}

TEST_CASE("a cancelled weave reports the cancellation") {
  loom_bench bench;
  bench.order.progress = std::make_shared<weave_progress>();
  bench.order.progress->stop.request_stop();
  auto woven = bench.weave("What is Thompson Sampling?");
  CHECK(woven.tool_used == "error");
  CHECK(woven.trace.errors.at(0).type == "cancelled");
}

TEST_CASE("the shares of the deadline are caps") {
  manual_clock clock;
  weave_budget budget{clock.function(), *clock.time, 1000ms, {}};
  CHECK(budget.for_stage(weave_stage::feature_extraction).remaining() == 300ms);
  CHECK(budget.for_stage(weave_stage::retrieval).remaining() == 400ms);
  CHECK(budget.for_stage(weave_stage::convergence).remaining() == 200ms);
  CHECK(budget.for_stage(weave_stage::tool_execution).remaining() == 100ms);
  clock.advance(750ms);
  CHECK(budget.for_stage(weave_stage::retrieval).remaining() == 250ms);
  clock.advance(1s);
  CHECK(budget.for_stage(weave_stage::retrieval).over());
}

TEST_CASE("a query without words of time searches all time") {
  auto at = time_of("2026-11-23T12:00:00Z");
  auto setup = window_for({"What is a shard?", {}}, card_kind::bare, at);
  CHECK(!setup.narrowed);
  CHECK(setup.window.contains(time_of("1999-01-01T00:00:00Z")));
  CHECK(setup.window.young_enough(time_of("1999-01-01T00:00:00Z")));
}

TEST_CASE("a query for something recent looks as far back as its card") {
  auto at = time_of("2026-11-23T12:00:00Z");
  auto start = [&](card_kind kind) {
    auto setup = window_for({"the latest notes", {}}, kind, at);
    CHECK(setup.narrowed);
    return at - setup.window.start;
  };
  CHECK(start(card_kind::bare) == 24h);
  CHECK(start(card_kind::fast) == 24h * 7);
  CHECK(start(card_kind::fused) == 24h * 365);
}

TEST_CASE("recency at half the window with a bias of .5 weighs .75") {
  auto at = time_of("2026-11-23T12:00:00Z");
  auto setup = window_for({"the latest notes", {}}, card_kind::fast, at);
  CHECK(setup.window.recency_weight(at - 84h) == Approx(.75));
}

TEST_CASE("metadata set the window") {
  auto at = time_of("2026-11-23T12:00:00Z");
  query asked{"anything", {}};
  asked.metadata.set("since", "2026-01-01T00:00:00Z");
  asked.metadata.set("until", "yesterday");
  asked.metadata.set("episode", "docs");
  auto setup = window_for(asked, card_kind::fast, at);
  CHECK(setup.window.start == time_of("2026-01-01T00:00:00Z"));
  CHECK(setup.window.end == at);
  CHECK(setup.window.episode == "docs");
  REQUIRE(setup.warnings.size() == 1);
  CHECK(setup.warnings[0].find("until") != std::string::npos);
}

TEST_CASE("an empty window is widened with a warning") {
  auto old = make_shard("old", "The shuttle carries the weft.");
  old.metadata.set("time", "2001-01-01T00:00:00Z");
  loom_bench bench;
  bench.order.memory = shard_index::build({old});
  auto woven = bench.weave("What is the latest on the shuttle and the weft?");
  CHECK(woven.trace.threads_activated == std::vector<std::string>{"old"});
  REQUIRE(woven.trace.warnings.size() == 1);
  CHECK(woven.trace.warnings[0].find("recent") != std::string::npos);
}

TEST_CASE("an error spacetime says which step failed") {
  weave_request request;
  request.asked.text = "a query";
  auto woven = error_spacetime("id-2", request, weave_stage::retrieval,
                               failure(errc::deadline_exceeded, "too late"));
  CHECK(woven.response == "Error: too late");
  CHECK(woven.tool_used == "error");
  CHECK(woven.confidence == 0);
  CHECK(!woven.metadata.has("pattern_card"));
  CHECK(woven.trace.errors.at(0)
        == stage_error{"retrieval", "too late", "deadline_exceeded"});
}
