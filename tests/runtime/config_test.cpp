#include "support/catch.hpp"

#include <hololoom/messages/json/read.hpp>
#include <hololoom/runtime/config.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using namespace hololoom;

namespace {

const std::filesystem::path folder = HOLOLOOM_CONFIG_DIR;

std::string problem(std::string_view text) {
  auto cfg = config::parse(text);
  REQUIRE(!cfg);
  CHECK(is(cfg.error(), errc::invalid_config));
  return explain(cfg.error());
}

/// Each key path of `value`, objects opened.
void list_keys(const json& value, const std::string& path,
               std::vector<std::string>& result) {
  for (const auto& [key, member] : value.items()) {
    result.push_back(path + key);
    if (member.is_object())
      list_keys(member, path + key + ".", result);
  }
}

} // namespace

TEST_CASE("the config files are the presets") {
  CHECK(*config::load(folder / "bare.json") == config::bare());
  CHECK(*config::load(folder / "fast.json") == config::fast());
  CHECK(*config::load(folder / "fused.json") == config::fused());
}

TEST_CASE("fused.json has every config key, in order") {
  std::ifstream in{folder / "fused.json"};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  std::vector<std::string> written;
  list_keys(json::parse(text, nullptr, true, true), "", written);
  std::vector<std::string> known;
  list_keys(to_json_value(config{}), "", known);
  CHECK(written == known);
}

TEST_CASE("an empty config is the fused preset") {
  CHECK(*config::parse("{}") == config::fused());
}

TEST_CASE("a misspelt key is refused with the nearest right one") {
  CHECK(
    problem("{\"shutdown\": {\"grase_ms\": 1}}")
    == "line 1: unknown key \"shutdown.grase_ms\"; did you mean \"grace_ms\"?");
  CHECK(problem("{\"dta_dir\": \"x\"}")
        == "line 1: unknown key \"dta_dir\"; did you mean \"data_dir\"?");
}

TEST_CASE("a key that resembles no other is refused with the known keys") {
  CHECK(problem("{\"log\": {\"colour\": true}}")
        == "line 1: unknown key \"log.colour\"; known keys: level, file");
}

TEST_CASE("a value of the wrong type or size is refused with its key") {
  CHECK(problem("{\"threads\": \"many\"}")
        == "line 1: threads: expected a whole number");
  CHECK(problem("{\"threads\": -1}")
        == "line 1: threads is -1; expected 0 to 1024");
  CHECK(problem("{\"preset\": \"fastest\"}").starts_with("line 1: preset is "));
  CHECK(problem("{\"shutdown\": {\"grace_ms\": -5}}")
          .starts_with("line 1: shutdown.grace_ms is "));
  CHECK(problem("{\"weave\": {\"epsilon\": 2}}")
        == "line 1: weave.epsilon must be in 0..1");
  CHECK(problem("{\"weave\": {\"card\": \"fsat\"}}")
        == "line 1: weave.card must be one of bare, fast, fused, auto");
  CHECK(problem("[]") == "a config is a JSON object");
  CHECK(problem("{\"threads\": }") == "not JSON at line 1, column 13");
}

TEST_CASE("a mistake is told with its line") {
  const std::string text = R"(// Comments count.
{
  "weave": {
    /* these
       too */ "card": "fast", "epsilon": 0.5,
    "scales": [96,
      192]
  },
  "workers": {
    "give_up_after": 3
  }, "threads":
    2
})";
  auto with = [&](const std::string& before, const std::string& after) {
    auto changed = text;
    changed.replace(changed.find(before), before.size(), after);
    return problem(changed);
  };
  CHECK(config::parse(text));
  CHECK(with("0.5", "7") == "line 5: weave.epsilon must be in 0..1");
  CHECK(with("0.5", "\"x\"") == "line 5: weave.epsilon: expected a number");
  CHECK(with("192", "0")
          .starts_with("line 6: weave.scales must be a list of positive"));
  CHECK(with("give_up_after\": 3", "give_up_after\": -3")
        == "line 10: workers.give_up_after is -3; expected 0 or more");
  CHECK(with("threads", "thread")
        == "line 11: unknown key \"thread\"; did you mean \"threads\"?");
  CHECK(with("    2\n", "    2,\n") == "not JSON at line 13, column 1");
}

TEST_CASE("the error for a missing file names it") {
  auto cfg = config::load(folder / "nowhere.json");
  REQUIRE(!cfg);
  CHECK(is(cfg.error(), errc::not_found));
  CHECK(explain(cfg.error()).find("nowhere.json") != std::string::npos);
}

TEST_CASE("a config survives JSON") {
  auto cfg = config::fast();
  cfg.data_dir = "/tmp/x";
  cfg.shutdown.grace = millis{1250};
  CHECK(*config::parse(to_text(to_json_value(cfg))) == cfg);
}
