#include "reflection/make.hpp"
#include "support/catch.hpp"

#include <hololoom/messages/json/read.hpp>

#include <sqlite3.h>

using namespace hololoom;
using namespace hololoom::test;

namespace {

std::unique_ptr<journal> open(const journal_options& options) {
  auto result = journal::open(options);
  if (!result)
    FAIL(explain(result.error()));
  if (auto err = (*result)->verify())
    FAIL(explain(err));
  return std::move(*result);
}

placement store(journal& j, const episode& x) {
  REQUIRE(!j.begin());
  auto place = j.add(row_of(x, 1));
  if (!place)
    FAIL(explain(place.error()));
  REQUIRE(!j.commit());
  return *place;
}

} // namespace

TEST_CASE("a journal returns the episodes that it stored") {
  scratch_directory dir;
  auto x = rewarded("answer", 0.75);
  {
    auto j = open({dir.journal()});
    auto place = store(*j, x);
    CHECK(place.sequence == 1);
    CHECK(place.fresh);
  }
  auto j = open({dir.journal()});
  auto rows = j->read(0, 10);
  REQUIRE(rows);
  REQUIRE(rows->size() == 1);
  auto after = from_json_text<episode>(rows->front().body);
  REQUIRE(after);
  CHECK(*after == x);
  CHECK(j->learned().metrics.total_cycles == 1);
}

TEST_CASE("an episode that is stored twice counts once") {
  scratch_directory dir;
  auto j = open({dir.journal()});
  auto x = rewarded("answer", 0.75);
  store(*j, x);
  auto later = x;
  later.at += std::chrono::hours{1};
  auto again = store(*j, later);
  CHECK(!again.fresh);
  CHECK(again.sequence == 1);
  CHECK(again.reward == 0.75);
  CHECK(j->learned().metrics.total_cycles == 1);
  CHECK(*j->count_episodes() == 1);
}

TEST_CASE("another content under a known id is refused with both times") {
  scratch_directory dir;
  auto j = open({dir.journal()});
  auto x = rewarded("answer", 0.75);
  store(*j, x);
  REQUIRE(!j->begin());
  REQUIRE(!j->add_spacetime("weave", json_text(x.woven)));
  REQUIRE(!j->commit());
  auto refused = [&](const caf::error& err, const std::string& then,
                     const std::string& now) {
    CHECK(is(err, errc::id_conflict));
    CHECK_THAT(explain(err), Catch::Matchers::Contains(then)
                               && Catch::Matchers::Contains(now));
  };
  std::vector<episode> others(4, x);
  others[0].woven.response = "Another answer.";
  others[1].said = feedback{true, nothing, nothing};
  others[2].reward = 0.1;
  others[3].woven.metadata.set("card", "another");
  REQUIRE(!j->begin());
  for (auto& other : others) {
    other.at += std::chrono::hours{1};
    auto place = j->add(row_of(other, 1));
    REQUIRE(!place);
    refused(place.error(), to_iso8601(x.at), to_iso8601(other.at));
  }
  others[0].woven.created_at += std::chrono::hours{1};
  refused(j->add_spacetime("weave", json_text(others[0].woven)),
          to_iso8601(x.woven.created_at),
          to_iso8601(others[0].woven.created_at));
  REQUIRE(!j->commit());
  auto rows = j->read(0, 10);
  REQUIRE(rows->size() == 1);
  CHECK(rows->front().body == json_text(x));
  CHECK(**j->spacetime("weave") == json_text(x.woven));
}

TEST_CASE("the times and the order of keys are no part of the content") {
  scratch_directory dir;
  auto j = open({dir.journal()});
  auto x = rewarded("answer", 0.75);
  x.woven.metadata.values() = {{"a", 1}, {"b", {{"c", 2}, {"d", 3}}}};
  store(*j, x);
  auto y = x;
  y.at += std::chrono::hours{1};
  y.woven.created_at += std::chrono::hours{1};
  y.woven.trace.start_time += std::chrono::hours{1};
  y.woven.trace.end_time += std::chrono::hours{1};
  y.woven.metadata.values() = {{"b", {{"d", 3}, {"c", 2}}}, {"a", 1}};
  CHECK(!store(*j, y).fresh);
}

TEST_CASE("a derived reward is no part of the content, a given one is") {
  scratch_directory dir;
  auto j = open({dir.journal()});
  auto x = rewarded("answer", 0.75);
  x.formula = reward_formula::extracted;
  store(*j, x);
  x.reward = 0.5;
  auto retry = row_of(x, 1);
  retry.reward_given = false;
  REQUIRE(!j->begin());
  CHECK(j->add(retry));
  retry.reward_given = true;
  CHECK(!j->add(retry));
  REQUIRE(!j->commit());
}

TEST_CASE("an episode whose text was removed is still told from another") {
  scratch_directory dir;
  auto j = open({dir.journal()});
  auto x = rewarded("answer", 0.75);
  auto y = rewarded("answer", 0.75);
  store(*j, x);
  store(*j, y);
  REQUIRE(!j->begin());
  REQUIRE(!j->rewrite(1, {}));
  REQUIRE(!j->rewrite(2, {}));
  REQUIRE(!j->commit());
  // As an older version left it.
  REQUIRE(!j->verify());
  j.reset();
  auto row = row_of(y, 1);
  row.body.clear();
  row.body_crc.reset();
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(dir.journal().c_str(), &db) == SQLITE_OK);
  auto sql = "UPDATE episodes SET content=NULL,checksum="
           + std::to_string(checksum(2, row)) + " WHERE sequence=2";
  CHECK(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
  j = open({dir.journal()});
  for (auto* stored : {&x, &y}) {
    CHECK(!store(*j, *stored).fresh);
    auto other = *stored;
    other.woven.query_text += " Or else?";
    REQUIRE(!j->begin());
    auto place = j->add(row_of(other, 1));
    REQUIRE(!place);
    CHECK(is(place.error(), errc::id_conflict));
    j->rollback();
  }
  x.woven.response.back() = '!';
  REQUIRE(!j->begin());
  CHECK(!j->add(row_of(x, 1)));
  j->rollback();
}

TEST_CASE("rows with durations beyond all measure are counted as finite") {
  scratch_directory dir;
  auto j = open({dir.journal()});
  for (auto i = 0; i < 2; ++i) {
    auto row = row_of(rewarded("answer", 0.75), 1);
    row.learned.duration_ms = 1.7e308;
    REQUIRE(!j->begin());
    REQUIRE(j->add(row));
    REQUIRE(!j->commit());
  }
  j.reset();
  CHECK(open({dir.journal()})->learned().sequence == 2);
}

TEST_CASE("a transaction that is rolled back leaves nothing") {
  scratch_directory dir;
  auto j = open({dir.journal()});
  store(*j, rewarded("answer", 0.75));
  auto before = j->learned();
  REQUIRE(!j->begin());
  REQUIRE(j->add(row_of(rewarded("calc", 0.9), 1)));
  j->rollback();
  CHECK(j->learned() == before);
  auto place = store(*j, rewarded("calc", 0.9));
  CHECK(place.sequence == 2);
}

TEST_CASE("a journal has one owner, even within a process") {
  scratch_directory dir;
  auto first = open({dir.journal()});
  auto second = journal::open({dir.journal()});
  REQUIRE(!second);
  CHECK(is(second.error(), errc::data_dir_locked));
  CHECK_THAT(explain(second.error()),
             Catch::Matchers::Contains(std::to_string(::getpid())));
  first.reset();
  CHECK(journal::open({dir.journal()}));
}

TEST_CASE("what was learned from dropped episodes is kept") {
  scratch_directory dir;
  journal_options options{dir.journal()};
  options.retain_episodes = 10;
  learned_state before;
  {
    auto j = open(options);
    for (auto i = 0; i < 50; ++i) {
      store(*j, rewarded(i % 3 ? "answer" : "calc", 0.01 * i));
      REQUIRE(!j->tend(true));
    }
    REQUIRE(!j->begin());
    REQUIRE(!j->adjust({j->learned().sequence, {{"calc", 0.25}}}));
    REQUIRE(!j->commit());
    CHECK(*j->count_episodes() < 25);
    before = j->learned();
  }
  auto j = open(options);
  CHECK(j->learned() == before);
  CHECK(j->learned().metrics.total_cycles == 50);
}

TEST_CASE("a commit writes what it adds, whatever was learned before") {
  scratch_directory dir;
  auto j = open({dir.journal()});
  auto add = [&](int n) {
    REQUIRE(!j->begin());
    for (auto i = 0; i < n; ++i)
      REQUIRE(j->add(row_of(rewarded("tool-" + std::to_string(i), 0.75), 1)));
    REQUIRE(!j->commit());
  };
  auto log = [&] {
    return std::filesystem::file_size(dir.path() / "journal.db-wal");
  };
  constexpr auto tools = 4'000;
  add(tools);
  add(1); // Writes the state of the 4,000.
  auto before = log();
  for (auto i = 0; i < 100; ++i)
    add(1);
  // Some pages each: a row, its index entry, and how far the journal reaches.
  CHECK(log() - before < 100 * 6 * 4200);
  auto learned = j->learned();
  j.reset();
  j = std::move(*journal::open({dir.journal()}));
  CHECK(j->learned() == learned);
}

TEST_CASE("a state that is written now and then is made whole at the opening") {
  scratch_directory dir;
  journal_options options{dir.journal()};
  options.retain_episodes = GENERATE(0, 5, 1'500);
  learned_state expected;
  auto j = open(options);
  for (auto i = 0; i < 2'500; i += 50) {
    REQUIRE(!j->begin());
    for (auto k = 0; k < 50; ++k) {
      auto row = row_of(rewarded(k % 3 ? "answer" : "calc", k / 50.0), 0.995);
      REQUIRE(j->add(row));
      count(expected, row.learned);
    }
    adjustment change{j->learned().sequence, {{"calc", 0.25}}, {}, {}, {}};
    REQUIRE(!j->adjust(change));
    apply(expected, change);
    REQUIRE(!j->commit());
    REQUIRE(!j->tend(true));
    if (i % 350 == 0) {
      j.reset();
      j = std::move(*journal::open(options));
      CHECK(j->learned() == expected);
      REQUIRE(!j->verify());
      CHECK(!j->relearned());
    }
  }
  CHECK(j->learned() == expected);
}

TEST_CASE("an older schema is migrated and a newer one refused") {
  scratch_directory dir;
  auto x = rewarded("answer", 0.75);
  std::string state;
  {
    auto j = open({dir.journal()});
    store(*j, x);
    state = json_text(j->learned());
  }
  auto change = [&](const char* sql) {
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(dir.journal().c_str(), &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(db);
  };
  change("DROP TABLE spacetimes; ALTER TABLE episodes DROP COLUMN content;"
         "ALTER TABLE episodes DROP COLUMN body_checksum;"
         "DELETE FROM learned WHERE kind=2; PRAGMA user_version=1");
  // An older version wrote the whole state with each commit.
  auto current = "UPDATE learned SET body='" + state + "',checksum="
               + std::to_string(checksum(1, {}, state)) + " WHERE kind=1";
  change(current.c_str());
  {
    auto j = open({dir.journal()});
    CHECK(*j->count_episodes() == 1);
    CHECK(json_text(j->learned()) == state);
    CHECK(!store(*j, x).fresh);
    CHECK(store(*j, rewarded("answer", 0.75)).sequence == 2);
    REQUIRE(!j->begin());
    REQUIRE(!j->add_spacetime("a", "{}"));
    REQUIRE(!j->commit());
  }
  change("PRAGMA user_version=99");
  auto newer = journal::open({dir.journal()});
  REQUIRE(!newer);
  CHECK(is(newer.error(), errc::newer_schema));
}

TEST_CASE(
  "a checksum covers every field, and an empty one does not hide others") {
  auto x = row_of(rewarded("answer", 0.75), 1);
  auto bare = x;
  bare.body.clear();
  bare.body_crc.reset();
  auto unnamed = bare;
  unnamed.id.clear();
  CHECK(checksum(1, bare) != checksum(2, bare));
  CHECK(checksum(1, bare) != checksum(1, unnamed));
  CHECK(checksum(1, bare) != checksum(1, x));
  CHECK(checksum(1, {}, "a") != checksum(2, {}, "a"));
  // Knowing the body's checksum beforehand makes no difference.
  auto whole = x;
  whole.body_crc.reset();
  CHECK(x.body_crc);
  CHECK(checksum(7, x) == checksum(7, whole));
  whole.body.back() = ' ';
  CHECK(checksum(7, x) != checksum(7, whole));
}
