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
  auto changed = x;
  changed.reward = 0.1;
  auto again = store(*j, changed);
  CHECK(!again.fresh);
  CHECK(again.sequence == 1);
  CHECK(again.reward == 0.75);
  CHECK(j->learned().metrics.total_cycles == 1);
  CHECK(*j->count_episodes() == 1);
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

TEST_CASE("an older schema is migrated and a newer one refused") {
  scratch_directory dir;
  {
    auto j = open({dir.journal()});
    store(*j, rewarded("answer", 0.75));
  }
  auto change = [&](const char* sql) {
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(dir.journal().c_str(), &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(db);
  };
  change("DROP TABLE spacetimes; PRAGMA user_version=1");
  {
    auto j = open({dir.journal()});
    CHECK(*j->count_episodes() == 1);
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
