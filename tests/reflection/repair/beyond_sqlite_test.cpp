// What a repair saves, beside what SQLite reads of the same files:
// docs/decisions/0007-damaged-pages-through-sqlite.md has the figures.

#include "reflection/repair/filled_journal.hpp"

#include <hololoom/actors/reflection/repair/repair.hpp>

#include <algorithm>
#include <random>
#include <set>

using namespace hololoom;
using namespace hololoom::test;

namespace {

using ids = std::set<std::string>;

/// The files of a journal, as a crash would leave them.
struct files {
  std::string database;
  std::string log;
  std::string mark;

  explicit files(const scratch_directory& from)
    : database(slurp(from.journal())),
      log(slurp(from.path() / "journal.db-wal")),
      mark(slurp(from.path() / "journal.mark")) {}

  void write_to(const scratch_directory& to) const {
    spill(to.journal(), database);
    if (!log.empty())
      spill(to.path() / "journal.db-wal", log);
    spill(to.path() / "journal.mark", mark);
  }
};

/// The intact episodes that SQLite reads: each one by its number, and all of
/// them from both ends.
ids read_by_sqlite(const files& x) {
  scratch_directory dir;
  x.write_to(dir);
  ids result;
  auto db = sqlite::database::open(dir.journal().string(), {});
  REQUIRE(db);
  auto read = [&](const std::string& rest) {
    (void)db->for_each_row(select_episodes(rest),
                           [&](const sqlite::row& row) -> caf::error {
                             episode_row found;
                             if (decode(row, found))
                               result.insert(found.id);
                             return {};
                           });
  };
  read("");
  read("ORDER BY sequence DESC");
  for (auto i = 1; i <= 60; ++i)
    read("WHERE sequence=" + std::to_string(i));
  return result;
}

ids read_by_repair(const files& x) {
  scratch_directory dir;
  x.write_to(dir);
  REQUIRE(repair_journal(dir.path()));
  for (const auto& entry : std::filesystem::directory_iterator{dir.path()})
    CHECK(entry.path().filename() != "journal.db.pages");
  auto found = contents(dir.journal());
  REQUIRE(found);
  ids result;
  for (const auto& [id, body] : *found)
    if (id != "learned")
      result.insert(id);
  return result;
}

/// Repairs 60 copies, each with three damaged sectors in `part`.
void compare(const files& intact, std::string files::*part, std::size_t end) {
  std::size_t by_sqlite = 0;
  std::size_t by_repair = 0;
  std::mt19937 random{7};
  for (auto i = 0; i < 60; ++i) {
    INFO("copy " << i);
    auto x = intact;
    for (auto sector = 0; sector < 3; ++sector) {
      auto at = random() % (end / 512) * 512;
      for (auto byte = at; byte < at + 512; ++byte)
        (x.*part)[byte] = static_cast<char>(random());
    }
    auto less = read_by_sqlite(x);
    auto more = read_by_repair(x);
    CHECK(std::includes(more.begin(), more.end(), less.begin(), less.end()));
    by_sqlite += less.size();
    by_repair += more.size();
  }
  CHECK(by_repair > by_sqlite);
}

} // namespace

TEST_CASE("a repair reads all that SQLite reads of a database, and more") {
  scratch_directory dir;
  filled(dir, 60).reset();
  files intact{dir};
  compare(intact, &files::database, intact.database.size());
}

TEST_CASE("a repair reads all that SQLite reads of a log, and more") {
  scratch_directory dir;
  auto j = filled(dir, 60, 5'000);
  files intact{dir};
  compare(intact, &files::log, intact.log.find_last_not_of('\0'));
}
