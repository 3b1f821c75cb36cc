#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <hololoom/actors/storage/online_copy.hpp>

#include <string>

using namespace hololoom;
using namespace hololoom::test;

namespace {

struct source : scratch {
  source() {
    auto opened = sqlite::database::open((path / "source.db").string(), "");
    REQUIRE(opened);
    db = std::move(*opened);
    // As the stores have theirs.
    run("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
        "CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB)");
    add(200);
  }

  void run(const std::string& sql) { REQUIRE(!db.run(sql)); }

  void add(int rows) {
    for (int i = 0; i < rows; ++i)
      run("INSERT INTO t(b) VALUES(randomblob(4000))");
  }

  static std::string content_of(sqlite::database& x) {
    auto text = x.text("SELECT count(*) || ' ' || total(a) || ' ' || "
                       "hex(sum(unicode(hex(b)) * a)) FROM t");
    REQUIRE(text);
    return *text;
  }

  std::string copied() const {
    auto copy = sqlite::database::open((path / "copy.db").string(), "");
    REQUIRE(copy);
    auto verdict = copy->text("PRAGMA integrity_check");
    REQUIRE(verdict);
    CHECK(*verdict == "ok");
    return content_of(*copy);
  }

  std::unique_ptr<sqlite::online_copy> begin() {
    auto result = sqlite::online_copy::begin(db, path / "copy.db");
    REQUIRE(result);
    return std::move(*result);
  }

  sqlite::database db;
};

} // namespace

TEST_CASE_METHOD(source, "a copy has what was written between its steps") {
  auto copy = begin();
  for (int steps = 0; !copy->complete(); ++steps) {
    REQUIRE(!copy->step(10));
    // Pages behind the copy and before it.
    if (steps < 10) {
      run("UPDATE t SET b = randomblob(4000) WHERE a % 7 = 0");
      run("DELETE FROM t WHERE a = " + std::to_string(10 + steps));
      add(3);
    }
  }
  CHECK(copied() == content_of(db));
}

TEST_CASE_METHOD(source, "a copy has nothing of a transaction that failed") {
  // So small a cache that the transaction's pages go to the log early.
  run("PRAGMA cache_size=5");
  auto copy = begin();
  REQUIRE(!copy->step(50));
  auto before = content_of(db);
  run("BEGIN; UPDATE t SET b = randomblob(4000)");
  db.rollback();
  while (!copy->complete())
    REQUIRE(!copy->step(50));
  CHECK(copied() == before);
}

TEST_CASE_METHOD(source, "a copy that is given up leaves no file") {
  auto copy = begin();
  REQUIRE(!copy->step(10));
  CHECK(copy->copied() == 10);
  CHECK(copy->total() > 200);
  copy.reset();
  CHECK(!std::filesystem::exists(path / "copy.db"));
  add(1);
}

TEST_CASE_METHOD(source, "a copy to where nothing can be written is an error") {
  auto none = sqlite::online_copy::begin(db, path / "no" / "copy.db");
  CHECK(!none);
}
