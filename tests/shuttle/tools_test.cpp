#include "support/catch.hpp"
#include "weaving.hpp"

#include <hololoom/actors/memory/text/text.hpp>
#include <hololoom/actors/shuttle/weave/prior.hpp>
#include <hololoom/actors/shuttle/weave/relevance.hpp>
#include <hololoom/messages/json/value.hpp>

#include <algorithm>

using namespace hololoom;
using namespace hololoom::test;

namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

} // namespace

TEST_CASE("an answer is composed of sentences that name their sources") {
  loom_bench bench;
  auto woven = bench.weave("What is Thompson Sampling?");
  CHECK(woven.tool_used == "answer");
  CHECK(contains(woven.response,
                 "Thompson Sampling is a Bayesian approach to the multi-armed "
                 "bandit problem. [shard_001]"));
  REQUIRE(!woven.sources_used.empty());
  CHECK(woven.sources_used.front() == "shard_001");
  CHECK(woven.confidence > 0.5);
}

TEST_CASE("the source of a shard from a file is the file") {
  loom_bench bench;
  auto woven = bench.weave("What is lifecycle management?");
  CHECK(contains(woven.response, "Lifecycle management means"));
  REQUIRE(!woven.sources_used.empty());
  CHECK(woven.sources_used.front() == "/docs/lifecycle.md");
}

TEST_CASE("an answer has at most three sentences and none twice") {
  std::vector<shard> shards;
  for (auto i = 0; i < 8; ++i)
    shards.push_back(make_shard(
      "s" + std::to_string(i),
      "The shuttle hands every weave to a weaver of the pool. Shuttle number "
        + std::to_string(i) + " has a weave for weaver " + std::to_string(i * 3)
        + " in its own colour of thread."));
  loom_bench bench;
  bench.order.memory = shard_index::build(std::move(shards));
  auto woven = bench.weave("To whom does the shuttle hand a weave?");
  CHECK(woven.tool_used == "answer");
  auto lines = std::count(woven.response.begin(), woven.response.end(), '\n');
  CHECK(lines <= 2);
  auto first = woven.response.substr(0, woven.response.find(" ["));
  CHECK(!contains(woven.response.substr(first.size()), first));
}

TEST_CASE(
  "without anything relevant, the answer says so and is not confident") {
  loom_bench bench;
  auto woven = bench.weave("Who won the football cup in Uruguay?");
  CHECK(woven.tool_used == "answer");
  CHECK(contains(woven.response, "Nothing that I remember answers this"));
  CHECK(woven.confidence < 0.15);
  CHECK(woven.sources_used.empty());
}

TEST_CASE("an empty memory has no answer") {
  loom_bench bench;
  bench.order.memory = shard_index::empty();
  auto woven = bench.weave("What is Thompson Sampling?");
  CHECK(contains(woven.response, "Nothing"));
  CHECK(woven.trace.errors.empty());
}

TEST_CASE("a search ranks shards with score, source and snippet") {
  loom_bench bench;
  auto woven = bench.weave("search for exploration and exploitation");
  CHECK(woven.tool_used == "search");
  CHECK(contains(woven.response, "1. shard_002 ("));
  auto hits = woven.metadata.values()["tool_result"]["hits"];
  REQUIRE(!hits.empty());
  CHECK(hits[0]["id"] == "shard_002");
  CHECK(contains(hits[0]["snippet"].get<std::string>(), "xploration"));
  CHECK(woven.sources_used.front() == "shard_002");
}

TEST_CASE("a search for an absent word finds nothing") {
  loom_bench bench;
  auto woven = bench.weave("search for zeppelins");
  CHECK(woven.response == "Nothing that I remember matches this.");
  CHECK(woven.confidence < 0.15);
}

TEST_CASE("calc evaluates the query's expression with confidence") {
  loom_bench bench;
  auto woven = bench.weave("what is 12 * (3 + 4)");
  CHECK(woven.tool_used == "calc");
  CHECK(woven.response == "12 * (3 + 4) = 84");
  CHECK(woven.confidence > 0.9);
  CHECK(woven.sources_used.empty());
  CHECK(woven.metadata.values()["tool_result"]["value"] == 84.0);
}

TEST_CASE(
  "a failed calculation lowers the confidence and appears in the trace") {
  loom_bench bench;
  auto woven = bench.weave("what is 1 / 0");
  CHECK(woven.tool_used == "calc");
  CHECK(woven.confidence < 0.15);
  CHECK(contains(woven.response, "divides by zero"));
  REQUIRE(woven.trace.errors.size() == 1);
  CHECK(woven.trace.errors[0].stage == "tool_execution");
  CHECK(woven.trace.errors[0].type == "invalid_expression");
  CHECK(woven.metadata.text("status") == "error");
}

TEST_CASE("a note becomes a shard") {
  loom_bench bench;
  std::vector<shard> kept;
  bench.remember = [&](const remember_request& x) {
    kept = x.shards;
    remember_ack ack;
    ack.added = 1;
    return caf::expected<remember_ack>{ack};
  };
  auto woven = bench.weave("Please note that the demo is on Friday");
  CHECK(woven.tool_used == "note");
  CHECK(woven.response == "Noted: the demo is on Friday");
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].text == "the demo is on Friday");
  CHECK(kept[0].metadata.has("time"));
  CHECK(woven.sources_used == std::vector<std::string>{kept[0].id});
}

TEST_CASE("a note that cannot be written is an error") {
  loom_bench bench;
  bench.remember = [](const remember_request&) -> caf::expected<remember_ack> {
    return failure(errc::disk_full, "no space is left");
  };
  auto woven = bench.weave("note that the demo is on Friday");
  CHECK(woven.tool_used == "note");
  CHECK(woven.response == "Error: no space is left");
  CHECK(woven.confidence < 0.15);
  REQUIRE(woven.trace.errors.size() == 1);
  CHECK(woven.trace.errors[0].type == "disk_full");
  CHECK(woven.sources_used.empty());
}

TEST_CASE("a command to note nothing is an error") {
  loom_bench bench;
  auto woven = bench.weave("note:");
  CHECK(woven.tool_used == "note");
  CHECK(woven.trace.errors.at(0).type == "invalid_query");
}

TEST_CASE("the object of a command is found in any spelling") {
  CHECK(text_to_keep("Remember: buy milk") == "buy milk");
  CHECK(text_to_keep("could you please write down that Ümläut works")
        == "Ümläut works");
  CHECK(text_to_keep("notebooks are heavy").empty());
  CHECK(text_to_keep("what is a note?").empty());
  CHECK(text_to_find("please find the licence") == "the licence");
  CHECK(text_to_find("finding nemo").empty());
}

TEST_CASE("tools are registered by unique names") {
  auto tools = builtin_tools();
  CHECK(tools.all().size() == 4);
  CHECK(tools.find("calc"));
  CHECK(!tools.find("juggle"));
  auto make = [](std::string name) {
    return std::make_shared<custom_tool>(std::move(name), 0, nullptr);
  };
  CHECK(!tools.add(make("juggle")));
  CHECK(tools.find("juggle"));
  CHECK(is(tools.add(make("juggle")), errc::invalid_config));
  CHECK(is(tools.add(make("error")), errc::invalid_config));
  CHECK(is(tools.add(make("")), errc::invalid_config));
  CHECK(is(tools.add(nullptr), errc::invalid_config));
}

TEST_CASE("a snippet is the sentence that fits, cut at its length") {
  auto memory = shard_index::empty();
  auto query = memory->view("lazy dog");
  query_profile wanted{query, *memory->vectors()};
  CHECK(snippet("A fox ran. The lazy dog slept. It rained.", wanted)
        == "The lazy dog slept.");
  auto cut = snippet("The lazy dog slept for a long time.", wanted, 10);
  CHECK(count_code_points(cut) == 10);
  CHECK(contains(cut, "…"));
}

TEST_CASE("sentences are tidied before they are shown") {
  auto sentences = prose_sentences("  * The first\n    item is  here.\n");
  REQUIRE(sentences.size() == 1);
  CHECK(sentences[0] == "The first item is here.");
}

TEST_CASE("prose reads better than headings, tables and questions") {
  auto prose = readability("The package is licensed under the GPL.");
  CHECK(prose == 1.0);
  CHECK(readability("LICENSING") < prose);
  CHECK(readability("+---+--12--+ 0x7f || 99 :: 1 | 2 | 3 | 4 | 5") < 0.7);
  CHECK(readability("How is the package licensed, and by whom?") < prose);
}
