#include "reflection/running_buffer.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/transfer/episode_files.hpp>
#include <hololoom/messages/json/read.hpp>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

using namespace hololoom;
using namespace hololoom::test;

namespace {

/// As the original writes it, with naive local times and without ids.
const std::string seed_file = R"({
  "spacetime": {
    "query_text": "What is Thompson Sampling?",
    "response": "A bandit strategy.",
    "tool_used": "answer",
    "confidence": 0.27,
    "trace": {
      "start_time": "2025-10-26T10:15:30.123456",
      "end_time": "2025-10-26T10:15:31",
      "duration_ms": 1177.5
    },
    "metadata": {"pattern_card": "Bare Threading"},
    "created_at": "2025-10-26T10:15:31"
  },
  "feedback": {"helpful": true, "rating": 5},
  "reward": 0.8175,
  "success": true,
  "timestamp": "2025-10-26T10:15:32.000001"
})";

} // namespace

TEST_CASE("an exported episode parses back to the equal episode") {
  scratch_directory data;
  scratch_directory out;
  running_buffer buffer{options_in(data)};
  for (auto i = 0; i < 5; ++i)
    REQUIRE(buffer.ask<reflect_ack>(reflection("Öffnen?", "answer", .1 * i)));
  auto count = export_episodes(
    [&](const episodes_query& x) { return buffer.ask<episode_page>(x); },
    out.path());
  REQUIRE(count);
  CHECK(*count == 5);
  auto page = buffer.ask<episode_page>(episodes_query{});
  for (const auto& x : page->episodes) {
    auto after = read_episode_file(out.path() / episode_file_name(x.at, x.id));
    REQUIRE(after);
    CHECK(*after == x);
  }
}

TEST_CASE(
  "an episode that would be too long with indentation is exported without") {
  scratch_directory files;
  auto long_one = rewarded("answer", .5);
  // 6 MB in one line, and several times that with a line for each.
  long_one.woven.metadata.set("zeros", json(3'000'000, 0));
  REQUIRE(!write_episode_file(files.path(), long_one));
  auto file = files.path() / episode_file_name(long_one.at, long_one.id);
  CHECK(std::filesystem::file_size(file) < longest_import);
  auto back = read_episode_file(file);
  REQUIRE(back);
  CHECK(*back == long_one);
}

TEST_CASE(
  "files of the original are imported once, and broken ones set aside") {
  scratch_directory data;
  scratch_directory in;
  spill(in.path() / "episode_20251026_101532_000001.json", seed_file);
  spill(in.path() / "episode_20251026_101533_000001.json",
        seed_file.substr(0, seed_file.find("\"2025-10-26T10:15:30")));
  spill(in.path() / "metrics_summary.json", "{}");
  running_buffer buffer{options_in(data)};
  auto report = import_episodes(buffer.system(), buffer.lookup(), in.path());
  REQUIRE(report);
  CHECK(report->stored == 1);
  REQUIRE(report->failed.size() == 1);
  CHECK_THAT(report->failed[0],
             Catch::Matchers::Contains("episode_20251026_101533_000001"));
  CHECK(std::filesystem::exists(in.path() / "damaged"
                                / "episode_20251026_101533_000001.json"));
  auto again = import_episodes(buffer.system(), buffer.lookup(), in.path());
  REQUIRE(again);
  CHECK(again->stored == 1);
  CHECK(again->failed.empty());
  auto page = buffer.ask<episode_page>(episodes_query{});
  REQUIRE(page->episodes.size() == 1);
  CHECK(page->episodes[0].reward == .8175);
  CHECK(to_iso8601(page->episodes[0].at) == "2025-10-26T10:15:32.000001Z");
}

TEST_CASE("damaged files of the same name are all set aside") {
  scratch_directory data;
  scratch_directory in;
  running_buffer buffer{options_in(data)};
  const std::map<std::string, std::string> aside{
    {"x.json", "first"}, {"x-2.json", "second"}, {"x-3.json", "third"}};
  for (auto text : {"first", "second", "third"}) {
    spill(in.path() / "x.json", text);
    auto report = import_episodes(buffer.system(), buffer.lookup(), in.path());
    REQUIRE(report);
    REQUIRE(report->failed.size() == 1);
    CHECK_THAT(report->failed[0], Catch::Matchers::Contains("set aside as"));
    CHECK(!std::filesystem::exists(in.path() / "x.json"));
  }
  std::map<std::string, std::string> found;
  for (const auto& entry :
       std::filesystem::directory_iterator{in.path() / "damaged"}) {
    std::ifstream file{entry.path()};
    file >> found[entry.path().filename().string()];
  }
  CHECK(found == aside);
}

TEST_CASE("the original's bare NaN and Infinity are read") {
  scratch_directory in;
  auto with = [&](const std::string& part, const std::string& instead) {
    auto text = seed_file;
    text.replace(text.find(part), part.size(), instead);
    spill(in.path() / "x.json", text);
    return read_episode_file(in.path() / "x.json");
  };
  for (auto constant : {"NaN", "Infinity", "-Infinity"}) {
    INFO(constant);
    auto x = with("1177.5", constant);
    REQUIRE(x);
    CHECK(x->reward == .8175);
    CHECK(x->woven.query_text == "What is Thompson Sampling?");
    // NaN is no reward to learn from: the feedback decides.
    auto unrated = with("0.8175", constant);
    REQUIRE(unrated);
    CHECK(unrated->reward == 1);
    CHECK(unrated->success);
    CHECK(unrated->formula == reward_formula::extracted);
  }
  auto quoted = with("A bandit strategy.", R"(NaN \"NaN\" \\)");
  REQUIRE(quoted);
  CHECK(quoted->woven.response == R"(NaN "NaN" \)");
  auto both =
    with(R"("A bandit strategy.",)", R"("a \"NaN\"", "quality_score": NaN,)");
  REQUIRE(both);
  CHECK(both->woven.response == R"(a "NaN")");
  CHECK(!with("1177.5", "NaNs"));
}

TEST_CASE("ids that are no valid file names have files of their own") {
  scratch_directory out;
  episode x;
  std::set<std::string> names;
  for (const auto* id : {"天", "地", "a/b", "a?b", "a_b"}) {
    x.id = id;
    CHECK_FALSE(write_episode_file(out.path(), x));
    names.insert(episode_file_name(x.at, x.id));
  }
  x.id = std::string(64, 'n') + "1";
  names.insert(episode_file_name(x.at, x.id));
  x.id.back() = '2';
  names.insert(episode_file_name(x.at, x.id));
  CHECK(names.size() == 7);
}

TEST_CASE("an import ignores a folder with the name of a JSON file") {
  scratch_directory data;
  scratch_directory in;
  std::filesystem::create_directory(in.path() / "sub.json");
  spill(in.path() / "sub.json" / "inner.json", "{");
  spill(in.path() / "empty.json", "");
  running_buffer buffer{options_in(data)};
  auto report = import_episodes(buffer.system(), buffer.lookup(), in.path());
  REQUIRE(report);
  CHECK(report->failed.size() == 1);
  CHECK(std::filesystem::exists(in.path() / "sub.json" / "inner.json"));
  CHECK(std::filesystem::exists(in.path() / "damaged" / "empty.json"));
}

TEST_CASE("each stored episode has a file if the option is on") {
  scratch_directory data;
  auto options = options_in(data);
  options.episode_files = true;
  running_buffer buffer{options};
  REQUIRE(buffer.ask<reflect_ack>(reflection("File?", "answer", .5)));
  REQUIRE(buffer.ask<flush_ack>(flush_request{}));
  auto page = buffer.ask<episode_page>(episodes_query{});
  auto after = read_episode_file(
    data.path()
    / episode_file_name(page->episodes[0].at, page->episodes[0].id));
  REQUIRE(after);
  CHECK(*after == page->episodes[0]);
}

TEST_CASE("each line gets an answer, good or bad") {
  scratch_directory data;
  running_buffer buffer{options_in(data)};
  std::stringstream in;
  for (auto i = 0; i < 500; ++i)
    in << R"({"id":"line-)" << i
       << R"(","query_text":"q","response":"r","tool_used":"answer",)"
       << R"("confidence":0.5,"feedback":{"rating":4}})"
       << "\n";
  in << "\n{\"id\":\"bad\",\"query_text\":3}\n";
  in << "not json\n";
  in << R"({"id":"far","query_text":"q","response":"r","tool_used":"a",)"
     << R"("confidence":1e400})"
     << "\n";
  in << R"({"id":"sure","query_text":"q","response":"r","tool_used":"a",)"
     << R"("confidence":1.5})"
     << "\n";
  in << R"({"id":"worse","query_text":"q","response":"r","tool_used":"a",)"
     << R"("confidence":0.5,"reward":7})"
     << "\n";
  in << R"({"query_text":"q","response":"r","tool_used":"a","confidence":1})"
     << "\n";
  std::stringstream out;
  auto report = import_lines(buffer.system(), buffer.lookup(), in, out);
  CHECK(report.stored == 501);
  CHECK(report.failed.size() == 5);
  std::set<std::string> durable;
  std::multiset<std::string> failed;
  for (std::string line; std::getline(out, line);) {
    auto value = json::parse(line);
    if (value["durable"].get<bool>()) {
      CHECK(!value.contains("error"));
      durable.insert(value["id"].get<std::string>());
    } else {
      CHECK(value["error"].is_string());
      failed.insert(value["id"].get<std::string>());
    }
  }
  CHECK(durable.size() == 501);
  // The answer has the line's id if it could be read.
  CHECK(failed == std::multiset<std::string>{"", "", "bad", "sure", "worse"});
  auto metrics = buffer.ask<reflection_metrics>(metrics_query{});
  CHECK(metrics->total_cycles == 501);
}
