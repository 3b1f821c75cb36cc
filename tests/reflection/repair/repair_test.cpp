#include "reflection/make.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/repair/repair.hpp>
#include <hololoom/messages/json/write.hpp>

#include <algorithm>
#include <fstream>
#include <map>

using namespace hololoom;
using namespace hololoom::test;

namespace {

std::string slurp(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void spill(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream{file, std::ios::binary} << bytes;
}

std::unique_ptr<journal> filled(const scratch_directory& dir, int episodes,
                                std::size_t length = 0) {
  auto j = std::move(*journal::open({dir.journal()}));
  REQUIRE(!j->verify());
  for (auto i = 0; i < episodes; ++i) {
    auto x = rewarded(i % 3 ? "answer" : "calc", 0.01 * (i % 100));
    x.id = "episode-" + std::to_string(i);
    x.woven.response.append(length, 'x');
    REQUIRE(!j->begin());
    REQUIRE(j->add(record_of(x, 1)));
    REQUIRE(!j->record("weave-" + std::to_string(i), json_text(x.woven)));
    REQUIRE(!j->commit());
  }
  return j;
}

/// Writes, but does not sync, while it is broken.
struct broken_sync : disk_hooks {
  disk_fault before_sync() override {
    return broken ? disk_fault::broken : disk_fault::none;
  }
  bool broken = false;
};

/// Everything one can read of a journal, or why not.
caf::expected<std::map<std::string, std::string>>
contents(const std::filesystem::path& file) {
  auto j = journal::open({file});
  if (!j)
    return std::move(j.error());
  if (auto err = (*j)->verify())
    return err;
  auto rows = (*j)->read(0, 100'000);
  if (!rows)
    return std::move(rows.error());
  std::map<std::string, std::string> result;
  for (auto& row : *rows)
    result[row.record.id] = row.record.body;
  result["learned"] = json_text((*j)->learned());
  return result;
}

} // namespace

TEST_CASE(
  "a flipped bit anywhere in a journal is noticed, or changes nothing") {
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

TEST_CASE("a flipped bit in the log is noticed before acknowledged episodes") {
  scratch_directory dir;
  scratch_directory copy;
  auto j = filled(dir, 20);
  auto log = slurp(dir.path() / "journal.db-wal");
  REQUIRE(log.size() > 100'000);
  auto database = slurp(dir.journal());
  // The log is longer than what was written to it.
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

TEST_CASE("what failed commits left in the log is no damage") {
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
      REQUIRE(j->add(record_of(x, 1)));
    }
    auto err = j->commit();
    if (err)
      j->rollback();
    return err;
  };
  REQUIRE(!store(3));
  // Each is written over the one before it, and is shorter.
  disk->broken = true;
  CHECK(store(30));
  CHECK(store(8));
  disk->broken = false;
  REQUIRE(!store(1));
  // As after a kill.
  spill(copy.journal(), slurp(dir.journal()));
  spill(copy.path() / "journal.db-wal", slurp(dir.path() / "journal.db-wal"));
  auto after = contents(copy.journal());
  if (!after)
    FAIL(explain(after.error()));
  CHECK(after->size() == 3 + 1 + 1);
  CHECK(after->contains("episode-41"));
}

TEST_CASE("a log whose head was lost is noticed, and left as it is") {
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

TEST_CASE("a flipped bit in the log's last transaction is noticed too") {
  scratch_directory dir;
  scratch_directory copy;
  auto j = filled(dir, 20);
  auto log = slurp(dir.path() / "journal.db-wal");
  auto database = slurp(dir.journal());
  auto mark = slurp(dir.path() / "journal.mark");
  // The log is longer than what was written to it.
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
    CHECK(repaired->episodes + repaired->lost == 20);
    noticed += repaired->lost > 0 ? 1 : 0;
    CHECK(contents(copy.journal()));
    std::filesystem::remove(copy.journal());
  }
  CHECK(noticed > 0);
}

TEST_CASE("a mark that is damaged or gone says nothing") {
  scratch_directory dir;
  filled(dir, 3).reset();
  auto mark = dir.path() / "journal.mark";
  for (auto text : {"", "nonsense", "00000000000000000009 00000000\n"}) {
    spill(mark, text);
    CHECK(contents(dir.journal()));
    CHECK(slurp(mark).starts_with("00000000000000000003 "));
  }
}

TEST_CASE("a journal that is gone is noticed, and a repair begins anew") {
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
  // Who takes the mark away as well begins anew at once.
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

TEST_CASE("a repair that was cut short is finished by whoever opens") {
  // After each step of the exchange: nothing yet, the damaged journal has its
  // second name, and its log too.
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

TEST_CASE("a journal whose tail is cut off is noticed and recovered") {
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

TEST_CASE("a repair recovers all but the damaged episode, long ones too") {
  scratch_directory dir;
  filled(dir, 50, 10'000).reset();
  auto bytes = slurp(dir.journal());
  auto at = bytes.find(R"("id":"episode-25")");
  REQUIRE(at != std::string::npos);
  bytes[at + 14] = '7';
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

TEST_CASE("an intact journal is left as it is by a repair") {
  scratch_directory dir;
  filled(dir, 5).reset();
  auto bytes = slurp(dir.journal());
  auto repaired = repair_journal(dir.path());
  REQUIRE(repaired);
  CHECK(!repaired->damaged);
  CHECK(repaired->episodes == 5);
  CHECK(slurp(dir.journal()) == bytes);
}

TEST_CASE("a journal in use is not repaired") {
  scratch_directory dir;
  auto j = filled(dir, 5);
  auto repaired = repair_journal(dir.path());
  REQUIRE(!repaired);
  CHECK(is(repaired.error(), errc::data_dir_locked));
}

TEST_CASE("what is no journal is noticed") {
  scratch_directory dir;
  spill(dir.journal(), std::string(10'000, 'x'));
  auto j = journal::open({dir.journal()});
  REQUIRE(!j);
  CHECK(is(j.error(), errc::corrupt));
}
