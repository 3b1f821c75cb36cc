// A single bad byte costs as little as it can.

#include "reflection/make.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/repair/repair.hpp>
#include <hololoom/messages/json/write.hpp>

using namespace hololoom;
using namespace hololoom::test;
using Catch::Matchers::Contains;

namespace {

/// Episodes with tools of their own.
std::vector<episode> stored_in(const scratch_directory& dir) {
  auto j = std::move(*journal::open({dir.journal()}));
  REQUIRE(!j->verify());
  std::vector<episode> result;
  REQUIRE(!j->begin());
  for (auto i = 0; i < 20; ++i) {
    auto x = rewarded("tool-" + std::to_string(i) + ".", 0.5);
    x.id = "episode-" + std::to_string(i);
    x.woven.response = "Answer " + std::to_string(i) + ".";
    REQUIRE(j->add(row_of(x, 0.995)));
    result.push_back(x);
  }
  REQUIRE(!j->commit());
  return result;
}

/// Flips a bit of the first byte of the only place that has `text`.
void damage(const scratch_directory& dir, const std::string& text) {
  auto bytes = slurp(dir.journal());
  auto at = bytes.find(text);
  REQUIRE(at != std::string::npos);
  REQUIRE(bytes.find(text, at + 1) == std::string::npos);
  bytes[at] ^= 1;
  spill(dir.journal(), bytes);
}

std::unique_ptr<journal> reopened(const scratch_directory& dir) {
  auto j = journal::open({dir.journal()});
  REQUIRE(j);
  REQUIRE(!(*j)->verify());
  return std::move(*j);
}

} // namespace

TEST_CASE("a bad byte in a text costs the text, not what was learned") {
  scratch_directory dir;
  auto all = stored_in(dir);
  damage(dir, "Answer 7.");
  auto report = repair_journal(dir.path());
  REQUIRE(report);
  CHECK(report->damaged);
  CHECK(report->lost == 0);
  CHECK(report->without_text == 1);
  CHECK(report->episodes == 19);
  CHECK_THAT(report->problems.back(),
             Contains("only the text") && Contains("number 8"));
  auto j = reopened(dir);
  CHECK(j->learned().metrics.total_cycles == 20);
  CHECK(j->learned().policy.tools.contains("tool-7."));
  CHECK(j->read(0, 100)->size() == 19);
  // The row keeps its id, and tells a retry from another episode.
  REQUIRE(!j->begin());
  auto other = all[7];
  other.woven.tool_used = "another";
  CHECK(is(j->add(row_of(other, 0.995)).error(), errc::id_conflict));
  // A retry brings the text back.
  CHECK(!j->add(row_of(all[7], 0.995))->fresh);
  REQUIRE(!j->commit());
  CHECK(j->read(0, 100)->size() == 20);
  CHECK(j->learned().metrics.total_cycles == 20);
  CHECK(!j->verify());
}

TEST_CASE("a bad byte in another column costs nothing: the text has it") {
  scratch_directory dir;
  auto all = stored_in(dir);
  damage(dir, "tool-7.Fast Threading");
  damage(dir, "tool-11.Fast Threading");
  auto report = repair_journal(dir.path());
  REQUIRE(report);
  CHECK(report->damaged);
  CHECK(report->lost == 0);
  CHECK(report->without_text == 0);
  CHECK(report->episodes == 20);
  auto rows = reopened(dir)->read(0, 100);
  REQUIRE(rows->size() == 20);
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK((*rows)[i].body == json_text(all[i]));
    CHECK((*rows)[i].learned.tool == all[i].woven.tool_used);
  }
}

TEST_CASE("nothing is kept of a row that two bad bytes leave without proof") {
  scratch_directory dir;
  stored_in(dir);
  damage(dir, "Answer 7.");
  damage(dir, "tool-7.Fast Threading");
  auto report = repair_journal(dir.path());
  REQUIRE(report);
  CHECK(report->lost == 1);
  CHECK(report->lost_ids == std::vector<std::string>{"episode-7"});
  CHECK(report->without_text == 0);
  CHECK(report->episodes == 19);
}
