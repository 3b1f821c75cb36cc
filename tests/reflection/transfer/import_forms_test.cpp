// What an import makes of input that is not quite lines of JSON.

#include "reflection/running_buffer.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/transfer/episode_files.hpp>
#include <hololoom/messages/json/value.hpp>

#include <sstream>

using namespace hololoom;
using namespace hololoom::test;
using Catch::Matchers::Contains;

namespace {

/// A line whose object has `more` at its end.
std::string line(const std::string& id, const std::string& more = {}) {
  return R"({"id":")" + id + R"(","query_text":"q","response":"r",)"
       + R"("tool_used":"answer","confidence":0.5)"
       + (more.empty() ? "" : "," + more) + "}\n";
}

struct importer {
  import_report import(const std::string& text) {
    std::istringstream in{text};
    out.str({});
    return import_lines(buffer.system(), buffer.lookup(), in, out, 1);
  }

  std::vector<episode> stored() {
    return buffer.ask<episode_page>(episodes_query{})->episodes;
  }

  running_buffer buffer{reflection_options{}};
  std::ostringstream out;
};

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

} // namespace

TEST_CASE("a line that is nested too deep is refused, and the next one is "
          "stored") {
  importer x;
  auto depth = GENERATE(513u, 70'000u, 4'000'000u);
  std::string text;
  text += line("metadata", R"("metadata":{"x":)" + nested(depth) + "}");
  text += nested(depth) + "\n";
  text += line("feedback", R"("feedback":)" + nested(depth));
  text += line("shallow", R"("metadata":{"x":)" + nested(500) + "}");
  auto report = x.import(text);
  CHECK(report.stored == 1);
  REQUIRE(report.failed.size() == 3);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK_THAT(report.failed[i], Contains("line " + std::to_string(i + 1) + ":")
                                   && Contains("nested deeper than 512"));
  CHECK(x.stored().at(0).id == "shallow");
}

TEST_CASE("a number is stored as it is, or refused") {
  importer x;
  for (const auto* number :
       {"9223372036854775807", "9223372036854775808", "18446744073709551615",
        "-9223372036854775808", "1e25", "-0.0", "5e-324", "0.1"}) {
    auto report =
      x.import(line(number, R"("metadata":{"x":)" + std::string{number} + "}"));
    INFO(number);
    REQUIRE(report.stored == 1);
    auto kept = x.stored().back();
    CHECK(kept.woven.metadata.values()["x"] == json::parse(number));
    // Out and in again.
    CHECK(x.import(json_text(kept) + "\n").duplicates == 1);
  }
  for (const auto* number :
       {"18446744073709551616", "-9223372036854775809",
        "1234567890123456789012345", "1e-400", "1e400", "-1e400"}) {
    auto report =
      x.import(line("", R"("metadata":{"x":)" + std::string{number} + "}"));
    REQUIRE(report.failed.size() == 1);
    CHECK_THAT(report.failed[0],
               Contains("line 1: ") && Contains("write it as text"));
  }
}

TEST_CASE("a key that is twice in one object is refused") {
  importer x;
  std::string many;
  for (auto i = 0; i < 40; ++i)
    many += R"("k)" + std::to_string(i) + R"(":1,)";
  auto report = x.import(line("a", R"("id":"b")")
                         + line("c", R"("metadata":{"x":1,"y":2,"x":3})")
                         + line("d", R"("metadata":{)" + many + R"("k30":2})")
                         + line("e", R"("metadata":{"id":1})"));
  CHECK(report.stored == 1);
  REQUIRE(report.failed.size() == 3);
  CHECK_THAT(report.failed[0], Contains("\"id\" is twice"));
  CHECK_THAT(report.failed[1], Contains("\"x\" is twice"));
  CHECK_THAT(report.failed[2], Contains("\"k30\" is twice"));
}

TEST_CASE("input that is not lines of JSON gets one answer, which says what it "
          "looks like") {
  importer x;
  auto a = line("a");
  auto b = line("b");
  a.pop_back();
  b.pop_back();
  std::string wide;
  for (char c : a)
    wide += {c, '\0'};
  const std::pair<std::string, const char*> inputs[] = {
    {"[\n" + a + ",\n" + b + "\n]\n", "a JSON array over several lines"},
    {"[" + a + ",\n" + b + "]\n", "a JSON array over several lines"},
    {a + ",\n" + b + ",\n", "the elements of a JSON array"},
    {to_pretty_text(json::parse(a)) + "\n", "a JSON object over several lines"},
    {"\xef\xbb\xbf" + to_pretty_text(json::parse(a)), "over several lines"},
    {"\xff\xfe" + wide + wide, "UTF-16"},
    {wide + "\n" + wide, "UTF-16"},
    {"[" + a + "," + b + "]\n", "an array"},
    {a.substr(0, a.size() - 1) + ",}\n", "a comma before the closing bracket"},
    {"// the first\n", "a comment"},
    {"# the first\n", "a comment"},
  };
  for (const auto& [text, form] : inputs) {
    INFO(form);
    auto report = x.import(text);
    CHECK(report.stored == 0);
    REQUIRE(report.failed.size() == 1);
    CHECK_THAT(report.failed[0], Contains("line 1: ") && Contains(form));
    auto answers = x.out.str();
    CHECK(std::count(answers.begin(), answers.end(), '\n') == 1);
  }
  // A line that is cut off costs itself alone.
  auto report = x.import(a.substr(0, 30) + "\n" + b + "\n");
  CHECK(report.stored == 1);
  CHECK(report.failed.size() == 1);
}
