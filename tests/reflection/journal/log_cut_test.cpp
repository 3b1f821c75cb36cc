#include "reflection/journal/failing_journal.hpp"
#include "storage/volatile_disk.hpp"

using namespace hololoom;
using namespace hololoom::test;

TEST_CASE("a failed commit leaves nothing behind the next one in the log") {
  scratch_directory dir;
  failing_journal j{dir};
  REQUIRE(!j.commit("first", 2));
  j.disk->broken = true;
  REQUIRE(j.commit("failed", 40));
  j.disk->broken = false;
  REQUIRE(!j.commit("acknowledged", 1));
  CHECK(slurp(j.disk->log).find("failed-39") == std::string::npos);
}

TEST_CASE("writes fail as long as a failed commit cannot be cut off") {
  scratch_directory dir;
  failing_journal j{dir};
  REQUIRE(!j.commit("first", 2));
  j.disk->broken = true;
  REQUIRE(j.commit("failed", 40));
  j.disk->broken = false;
  j.disk->never_cut = true;
  CHECK(is(j.commit("refused", 1), errc::io_error));
  CHECK(slurp(j.disk->log) == j.disk->left);
  j.disk->never_cut = false;
  CHECK(!j.commit("acknowledged", 1));
}

TEST_CASE("a cut that the disk refused is tried again before each write") {
  volatile_disk lower;
  scratch_directory dir;
  failing_journal j{dir, lower.name()};
  REQUIRE(!j.commit("first", 2));
  j.disk->broken = true;
  REQUIRE(j.commit("failed", 40));
  j.disk->broken = false;
  lower.refuse_truncation(true);
  for (auto i = 0; i < 3; ++i)
    CHECK(is(j.commit("refused", 1), errc::io_error));
  lower.refuse_truncation(false);
  CHECK(!j.commit("acknowledged", 1));
  CHECK(*j.store->count_episodes() == 2);
}

TEST_CASE("an unfinished transaction of a killed process is cut off, too") {
  scratch_directory dir;
  scratch_directory copy;
  failing_journal j{dir};
  REQUIRE(!j.commit("first", 2));
  j.disk->broken = true;
  REQUIRE(j.commit("failed", 40));
  // Killed during the transaction, whose end is missing.
  spill(copy.journal(), slurp(dir.journal()));
  spill(copy.path() / "journal.db-wal",
        j.disk->left.substr(0, end_of(j.disk->left) - stride));
  failing_journal again{copy};
  REQUIRE(!again.commit("acknowledged", 1));
  CHECK(slurp(again.disk->log).find("failed-38") == std::string::npos);
  CHECK(*again.store->count_episodes() == 2);
}
