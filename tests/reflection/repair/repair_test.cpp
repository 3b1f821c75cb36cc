#include "reflection/repair/filled_journal.hpp"

#include <hololoom/actors/reflection/repair/repair.hpp>

#include <algorithm>
#include <map>

using namespace hololoom;
using namespace hololoom::test;

TEST_CASE("a missing journal is detected, and a repair starts a new one") {
  scratch_directory dir;
  filled(dir, 3).reset();
  spill(dir.journal(), "");
  for (auto how : {"is empty", "is gone", "is gone"}) {
    auto after = contents(dir.journal());
    REQUIRE(!after);
    CHECK(is(after.error(), errc::corrupt));
    CHECK_THAT(explain(after.error()),
               Catch::Matchers::Contains(how)
                 && Catch::Matchers::Contains("3 episodes")
                 && Catch::Matchers::Contains("hololoom repair"));
    std::filesystem::remove(dir.journal());
  }
  auto repaired = repair_journal(dir.path());
  REQUIRE(repaired);
  CHECK(repaired->damaged);
  CHECK(repaired->episodes == 0);
  CHECK(repaired->lost == 3);
  CHECK(repaired->set_aside.empty());
  auto now = contents(dir.journal());
  REQUIRE(now);
  CHECK(now->size() == 1);
  auto next = filled(dir, 2);
  CHECK(next->learned().sequence == 2);
  next.reset();
  // Without the mark, too, the journal starts anew at once.
  std::filesystem::remove(dir.journal());
  std::filesystem::remove(dir.path() / "journal.mark");
  CHECK(contents(dir.journal()));
}

TEST_CASE("the log of a journal that is gone is kept, and read by a repair") {
  scratch_directory dir;
  scratch_directory copy;
  auto j = filled(dir, 20);
  auto log = slurp(dir.path() / "journal.db-wal");
  spill(copy.path() / "journal.db-wal", log);
  auto after = contents(copy.journal());
  REQUIRE(!after);
  CHECK(is(after.error(), errc::corrupt));
  CHECK(slurp(copy.path() / "journal.db-wal") == log);
  auto repaired = repair_journal(copy.path());
  REQUIRE(repaired);
  CHECK(repaired->episodes == 20);
  CHECK(repaired->lost == 0);
  CHECK(slurp(repaired->set_aside) == log);
  CHECK(contents(copy.journal()));
}

TEST_CASE("an interrupted repair is completed by the next opening") {
  // After each step of the swap: none yet; the damaged journal has its second
  // name; and so has its log.
  for (auto step = 0; step < 3; ++step) {
    for (auto by_repair : {true, false}) {
      INFO("step " << step << ", by repair " << by_repair);
      scratch_directory good;
      filled(good, 5).reset();
      scratch_directory dir;
      filled(dir, 8).reset();
      auto damaged = slurp(dir.journal()).substr(0, 9000);
      spill(dir.journal(), damaged);
      spill(dir.path() / "journal.db-wal", "the log");
      std::filesystem::copy_file(good.journal(),
                                 dir.path() / "journal.db.repaired");
      auto aside = dir.path() / "journal.db.damaged-2026-01-01T00:00:00Z";
      if (step > 0)
        std::filesystem::create_hard_link(dir.journal(), aside);
      if (step > 1)
        std::filesystem::rename(dir.path() / "journal.db-wal",
                                aside.string() + "-wal");
      if (by_repair) {
        auto report = repair_journal(dir.path());
        REQUIRE(report);
        CHECK(report->episodes == 5);
        REQUIRE(report->problems.size() == 1);
        CHECK_THAT(report->problems[0],
                   Catch::Matchers::Contains("finished now"));
      }
      auto now = contents(dir.journal());
      REQUIRE(now);
      CHECK(now->size() == 6);
      CHECK(!std::filesystem::exists(dir.path() / "journal.db.repaired"));
      auto kept = 0;
      for (const auto& entry : std::filesystem::directory_iterator{dir.path()})
        if (entry.path().string().ends_with("Z")) {
          ++kept;
          CHECK(slurp(entry.path()) == damaged);
          CHECK(slurp(entry.path().string() + "-wal") == "the log");
        }
      CHECK(kept == 1);
    }
  }
}

TEST_CASE("a journal whose end is cut off is detected and recovered") {
  scratch_directory dir;
  filled(dir, 200).reset();
  auto bytes = slurp(dir.journal());
  for (auto share : {0.9, 0.5, 0.2}) {
    spill(dir.journal(), bytes.substr(0, static_cast<std::size_t>(
                                           share * double(bytes.size()))));
    auto after = contents(dir.journal());
    REQUIRE(!after);
    CHECK(is(after.error(), errc::corrupt));
    auto repaired = repair_journal(dir.path());
    if (!repaired)
      FAIL(explain(repaired.error()));
    CHECK(repaired->damaged);
    CHECK(repaired->episodes > 0);
    CHECK(repaired->episodes < 200);
    CHECK(std::filesystem::exists(repaired->set_aside));
    CHECK(contents(dir.journal()));
  }
}

TEST_CASE("a repair recovers all but the damaged episode, even long ones") {
  scratch_directory dir;
  filled(dir, 50, 10'000).reset();
  auto bytes = slurp(dir.journal());
  auto at = bytes.find(R"("id":"episode-25")");
  REQUIRE(at != std::string::npos);
  bytes[at + 14] = '7';
  // And in the columns before the text, which would do without it.
  bytes[bytes.rfind("Fast Threading", at)] = 'f';
  spill(dir.journal(), bytes);
  auto repaired = repair_journal(dir.path());
  if (!repaired)
    FAIL(explain(repaired.error()));
  CHECK(repaired->damaged);
  CHECK(repaired->episodes == 49);
  CHECK(repaired->lost == 1);
  CHECK(repaired->spacetimes == 50);
  CHECK(repaired->lost_ranges == std::vector<episode_range>{{26, 26}});
  CHECK(repaired->lost_ids == std::vector<std::string>{"episode-25"});
  CHECK(repaired->problems.size() == 3);
  CHECK(slurp(repaired->set_aside) == bytes);
  auto after = contents(dir.journal());
  REQUIRE(after);
  CHECK(after->size() == 50);
  CHECK(after->count("episode-25") == 0);
}

TEST_CASE("a repair does not change an intact journal") {
  scratch_directory dir;
  filled(dir, 5).reset();
  auto bytes = slurp(dir.journal());
  auto repaired = repair_journal(dir.path());
  REQUIRE(repaired);
  CHECK(!repaired->damaged);
  CHECK(repaired->episodes == 5);
  CHECK(slurp(dir.journal()) == bytes);
}

TEST_CASE("a repair refuses a journal in use") {
  scratch_directory dir;
  auto j = filled(dir, 5);
  auto repaired = repair_journal(dir.path());
  REQUIRE(!repaired);
  CHECK(is(repaired.error(), errc::data_dir_locked));
}
