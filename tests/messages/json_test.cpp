#include "support/catch.hpp"

#include <hololoom/messages/episode.hpp>
#include <hololoom/messages/json/read.hpp>
#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/query.hpp>
#include <hololoom/messages/spacetime.hpp>

#include <limits>
#include <string>

using namespace hololoom;

namespace {

template <class T>
std::string problem(std::string_view text) {
  auto x = from_json_text<T>(text);
  REQUIRE(!x);
  CHECK(is(x.error(), errc::invalid_json));
  return explain(x.error());
}

} // namespace

TEST_CASE("a spacetime has the keys of the original, in its order") {
  auto value = to_json_value(spacetime{});
  std::string keys;
  for (const auto& [key, ignored] : value.items())
    keys += key + " ";
  CHECK(keys
        == "id query_text response tool_used confidence trace metadata "
           "context_summary sources_used created_at quality_score "
           "user_feedback ");
}

TEST_CASE("times in a trace are text, so that a dump cannot fail") {
  spacetime x;
  x.trace.warp_operations.push_back({x.trace.start_time, "tension", 3});
  auto value = to_json_value(x);
  CHECK(value["trace"]["start_time"] == "1970-01-01T00:00:00Z");
  CHECK(value["trace"]["warp_operations"][0]
        == json{"1970-01-01T00:00:00Z", "tension", 3});
}

TEST_CASE("a number that is not finite is null") {
  reflection_metrics x;
  x.tool_success_rates["calc"] = std::numeric_limits<double>::quiet_NaN();
  CHECK(to_json_value(x)["tool_success_rates"]["calc"].is_null());
}

TEST_CASE("an error names the place that is wrong") {
  CHECK(problem<query>("{\"text\": 3}") == "text: expected text");
  CHECK(problem<query>("{}") == "text: is missing");
  CHECK(problem<query>("{\"text\": \"a\"")
        == "JSON that ends too early, after 12 bytes");
  auto x = to_json_value(spacetime{});
  x["trace"]["errors"] = json::array({json{{"stage", 4}}});
  CHECK(problem<spacetime>(to_text(x))
        == "trace.errors[0].stage: expected text");
  x["trace"].erase("errors");
  x["trace"]["end_time"] = "noon";
  CHECK(problem<spacetime>(to_text(x)).starts_with("trace.end_time: \"noon\""));
  CHECK(problem<learning_signal>("{\"signal_type\": \"shout\"}")
        == "signal_type: expected one of bandit_update, pattern_preference, "
           "threshold_adjustment");
}

TEST_CASE("a number that does not fit is refused, not wrapped") {
  CHECK(problem<shutdown_report>("{\"exit_code\": 4294967296}")
        == "exit_code: the number is too large");
}

TEST_CASE("a number that no double holds is refused, wherever it stands") {
  CHECK(problem<query>("{\"text\": \"a\", \"far\": [1e400]}")
        == "the number 1e400 is too large for a floating point number; write "
           "it as text");
}

TEST_CASE("unknown keys are ignored and missing ones keep their default") {
  auto x = from_json_text<feedback>("{\"helpful\": true, \"mood\": \"good\"}");
  REQUIRE(x);
  CHECK(x->helpful == true);
  CHECK(!x->rating);
}

TEST_CASE("text that is not UTF-8 cannot break a dump") {
  attributes x;
  x.set("bytes", std::string{"\xff\xfe"});
  CHECK(to_text(x.values()) == "{\"bytes\":\"\xef\xbf\xbd\xef\xbf\xbd\"}");
}
