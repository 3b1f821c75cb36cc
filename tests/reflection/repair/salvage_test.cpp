#include "reflection/journal/failing_journal.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/repair/repair.hpp>

#include <fstream>
#include <iterator>
#include <map>

using namespace hololoom;
using namespace hololoom::test;

namespace {

/// The result of a repair of these files.
struct repaired {
  repair_report report;
  std::map<std::string, std::string> bodies;
  std::vector<std::string> ids;
};

repaired repair(const std::string& database, const std::string& log,
                const std::string& mark = {}) {
  scratch_directory dir;
  spill(dir.journal(), database);
  spill(dir.path() / "journal.db-wal", log);
  if (!mark.empty())
    spill(dir.path() / "journal.mark", mark);
  auto report = repair_journal(dir.path());
  if (!report)
    FAIL(explain(report.error()));
  repaired result{*report, {}, {}};
  auto j = journal::open({dir.journal()});
  REQUIRE(j);
  REQUIRE(!(*j)->verify());
  auto rows = (*j)->read(0, 10'000);
  REQUIRE(rows);
  for (auto& row : *rows) {
    result.ids.push_back(row.id);
    result.bodies[row.id] = std::move(row.body);
  }
  return result;
}

/// A journal whose rows are all in the log; the database has none yet.
struct full_log {
  explicit full_log(std::size_t length) {
    scratch_directory dir;
    auto j = std::move(*journal::open({dir.journal()}));
    REQUIRE(!j->verify());
    for (auto i = 0; i < 20; ++i) {
      auto x = rewarded("answer", 0.01 * i);
      x.id = "episode-" + std::to_string(i);
      x.woven.response.append(length, 'x');
      REQUIRE(!j->begin());
      REQUIRE(j->add(row_of(x, 1)));
      REQUIRE(!j->commit());
    }
    database = slurp(dir.journal());
    log = slurp(dir.path() / "journal.db-wal");
    mark = slurp(dir.path() / "journal.mark");
  }

  std::string database;
  std::string log;
  std::string mark;
};

} // namespace

TEST_CASE(
  "a repair does not mistake a failed episode for an acknowledged one") {
  scratch_directory dir;
  failing_journal j{dir};
  REQUIRE(!j.commit("first", 2));
  REQUIRE(!j.commit("second", 2));
  // A long transaction fails, and a shorter one overwrites its start.
  j.disk->broken = true;
  REQUIRE(j.commit("failed", 40));
  j.disk->broken = false;
  REQUIRE(!j.commit("acknowledged", 1));
  auto log = slurp(j.disk->log);
  // Without the cut, the rest of the failed transaction would follow.
  auto end = std::min(end_of(log), j.disk->left.size());
  log.replace(end, std::string::npos, j.disk->left.substr(end));
  auto database = slurp(dir.journal());
  // Other damage, so that the repair has a reason.
  auto at = log.find("\"id\":\"first\"");
  REQUIRE(at != std::string::npos);
  for (; at != std::string::npos; at = log.find("\"id\":\"first\"", at))
    log[at + 6] = 'F';
  auto after = repair(database, log);
  CHECK(after.report.damaged);
  CHECK(after.report.lost == 0);
  CHECK(after.report.without_text == 1);
  CHECK(after.ids == std::vector<std::string>{"second", "acknowledged"});
}

TEST_CASE("a repair reads a log whose header or first frame is damaged") {
  for (std::size_t length : {100, 10'000}) {
    full_log files{length};
    for (std::size_t at = 0; at < header + frame_header + 40; ++at) {
      INFO("byte " << at << ", episodes of " << length);
      auto log = files.log;
      log[at] = static_cast<char>(log[at] ^ 4);
      auto after = repair(files.database, log, files.mark);
      CHECK(after.report.damaged);
      CHECK(after.report.lost == 0);
      CHECK(after.ids.size() == 20);
    }
    auto log = files.log;
    log.replace(0, 512, std::string(512, '\0'));
    CHECK(repair(files.database, log, files.mark).ids.size() == 20);
  }
}

TEST_CASE("a damaged frame costs only the episodes in it") {
  for (std::size_t length : {100, 10'000}) {
    full_log files{length};
    auto frames = (end_of(files.log) - header) / stride;
    for (std::size_t i = 0; i < frames; ++i) {
      INFO("frame " << i << " of " << frames << ", episodes of " << length);
      // Damage the frame's header: the page is intact, but its place in a long
      // episode is unknown.
      auto log = files.log;
      auto at = header + i * stride;
      log.replace(at, frame_header, std::string(frame_header, '\x55'));
      auto after = repair(files.database, log, files.mark);
      CHECK(after.report.damaged);
      CHECK(after.ids.size() >= (length == 100 ? 20 : 19));
      CHECK(after.report.lost + std::ssize(after.ids) == 20);
      // Damage the whole frame.
      log.replace(at, stride, std::string(stride, '\x55'));
      after = repair(files.database, log, files.mark);
      CHECK(after.ids.size() >= 19);
      CHECK(after.report.lost + std::ssize(after.ids) == 20);
    }
  }
}

TEST_CASE("a repair keeps the newest version of what was written twice") {
  scratch_directory dir;
  std::unique_ptr<journal> j;
  auto open = [&] {
    j.reset();
    j = std::move(*journal::open({dir.journal()}));
    REQUIRE(!j->verify());
  };
  auto commit = [&](const std::string& id) {
    auto x = rewarded("answer", 0.5);
    x.id = id;
    REQUIRE(!j->begin());
    REQUIRE(j->add(row_of(x, 1)));
    REQUIRE(!j->commit());
  };
  open();
  commit("one");
  commit("two");
  // Now these are in the database, and later rows in the log.
  open();
  commit("three");
  REQUIRE(!j->begin());
  REQUIRE(!j->rewrite(1, "{\"rewritten\":true}"));
  REQUIRE(!j->commit());
  commit("four");
  auto log = slurp(dir.path() / "journal.db-wal");
  for (std::size_t at : {std::size_t{3}, std::size_t{18}, header + 9}) {
    auto flipped = log;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    auto after = repair(slurp(dir.journal()), flipped);
    CHECK(after.ids.size() == 4);
    CHECK(after.bodies["one"] == "{\"rewritten\":true}");
  }
}
