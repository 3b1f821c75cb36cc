#include "reflection/repair/filled_journal.hpp"

#include <hololoom/actors/reflection/repair/repair.hpp>

#include <algorithm>

using namespace hololoom;
using namespace hololoom::test;

namespace {

/// Fails syncs, but not writes, while it is broken.
struct broken_sync : disk_hooks {
  disk_fault before_sync() override {
    return broken ? disk_fault::broken : disk_fault::none;
  }
  bool broken = false;
};

} // namespace

TEST_CASE(
  "a flipped bit anywhere in a journal is detected, or changes nothing") {
  scratch_directory dir;
  filled(dir, 60).reset();
  auto bytes = slurp(dir.journal());
  auto before = contents(dir.journal());
  REQUIRE(before);
  auto noticed = 0;
  std::uint32_t random = 1;
  for (auto i = 0; i < 300; ++i) {
    random = random * 1664525 + 1013904223;
    auto at =
      i < 100 ? static_cast<std::size_t>(i) : (random >> 4) % bytes.size();
    auto flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (random % 8)));
    spill(dir.journal(), flipped);
    auto after = contents(dir.journal());
    INFO("byte " << at);
    if (after)
      CHECK(*after == *before);
    else {
      CHECK((is(after.error(), errc::corrupt)
             || is(after.error(), errc::newer_schema)));
      CHECK(slurp(dir.journal()) == flipped);
      ++noticed;
    }
  }
  CHECK(noticed > 100);
}

TEST_CASE("a flipped bit in the log before acknowledged episodes is detected") {
  scratch_directory dir;
  scratch_directory copy;
  auto j = filled(dir, 20);
  auto log = slurp(dir.path() / "journal.db-wal");
  REQUIRE(log.size() > 100'000);
  auto database = slurp(dir.journal());
  // The log is longer than the writes to it.
  auto last = log.find_last_not_of('\0') - 8 * (4096 + 24);
  for (std::size_t at = 40; at < last; at += 9973) {
    auto flipped = log;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    spill(copy.journal(), database);
    spill(copy.path() / "journal.db-wal", flipped);
    auto after = contents(copy.journal());
    INFO("byte " << at << " of " << log.size());
    REQUIRE(!after);
    CHECK(is(after.error(), errc::corrupt));
    auto repaired = repair_journal(copy.path());
    REQUIRE(repaired);
    CHECK(repaired->damaged);
    CHECK(repaired->episodes >= 19);
    std::filesystem::remove(copy.journal());
  }
}

TEST_CASE("the rest of failed commits in the log is not damage") {
  scratch_directory dir;
  scratch_directory copy;
  auto disk = std::make_shared<broken_sync>();
  journal_options options;
  options.file = dir.journal();
  options.hooks = disk;
  auto j = std::move(*journal::open(options));
  REQUIRE(!j->verify());
  auto number = 0;
  auto store = [&](int count) {
    REQUIRE(!j->begin());
    for (auto i = 0; i < count; ++i) {
      auto x = rewarded("answer", 0.5);
      x.id = "episode-" + std::to_string(number++);
      x.woven.response.append(3000, 'x');
      REQUIRE(j->add(row_of(x, 1)));
    }
    auto err = j->commit();
    if (err)
      j->rollback();
    return err;
  };
  REQUIRE(!store(3));
  // Each overwrites the one before it, and is shorter.
  disk->broken = true;
  CHECK(store(30));
  CHECK(store(8));
  disk->broken = false;
  REQUIRE(!store(1));
  // As if killed.
  spill(copy.journal(), slurp(dir.journal()));
  spill(copy.path() / "journal.db-wal", slurp(dir.path() / "journal.db-wal"));
  auto after = contents(copy.journal());
  if (!after)
    FAIL(explain(after.error()));
  CHECK(after->size() == 3 + 1 + 1);
  CHECK(after->contains("episode-41"));
}

TEST_CASE("a log whose header was lost is detected and not changed") {
  scratch_directory dir;
  scratch_directory copy;
  auto j = filled(dir, 20);
  auto log = slurp(dir.path() / "journal.db-wal");
  std::fill_n(log.begin(), 512, '\0');
  spill(copy.journal(), slurp(dir.journal()));
  spill(copy.path() / "journal.db-wal", log);
  auto after = contents(copy.journal());
  REQUIRE(!after);
  CHECK(is(after.error(), errc::corrupt));
  CHECK(slurp(copy.path() / "journal.db-wal") == log);
}

TEST_CASE("a flipped bit in the log's last transaction is detected, too") {
  scratch_directory dir;
  scratch_directory copy;
  auto j = filled(dir, 20);
  auto log = slurp(dir.path() / "journal.db-wal");
  auto database = slurp(dir.journal());
  auto mark = slurp(dir.path() / "journal.mark");
  // The log is longer than the writes to it.
  auto end = log.find_last_not_of('\0');
  REQUIRE(end < log.size() - 1);
  auto noticed = 0;
  for (auto at = end - 3000; at < end; at += 97) {
    auto flipped = log;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    spill(copy.journal(), database);
    spill(copy.path() / "journal.db-wal", flipped);
    spill(copy.path() / "journal.mark", mark);
    auto after = contents(copy.journal());
    INFO("byte " << at << " of " << end);
    REQUIRE(!after);
    CHECK(is(after.error(), errc::corrupt));
    CHECK(slurp(copy.path() / "journal.db-wal") == flipped);
    auto repaired = repair_journal(copy.path());
    REQUIRE(repaired);
    CHECK(repaired->damaged);
    auto incomplete = repaired->lost + repaired->without_text;
    CHECK(repaired->episodes + incomplete == 20);
    noticed += incomplete > 0 ? 1 : 0;
    CHECK(contents(copy.journal()));
    std::filesystem::remove(copy.journal());
  }
  CHECK(noticed > 0);
}

TEST_CASE("a damaged or missing mark raises no alarm") {
  scratch_directory dir;
  filled(dir, 3).reset();
  auto mark = dir.path() / "journal.mark";
  for (auto text : {"", "nonsense", "00000000000000000009 00000000\n"}) {
    spill(mark, text);
    CHECK(contents(dir.journal()));
    CHECK(slurp(mark).starts_with("00000000000000000003 "));
  }
}

TEST_CASE("a file that is no journal is detected") {
  scratch_directory dir;
  spill(dir.journal(), std::string(10'000, 'x'));
  auto j = journal::open({dir.journal()});
  REQUIRE(!j);
  CHECK(is(j.error(), errc::corrupt));
}
