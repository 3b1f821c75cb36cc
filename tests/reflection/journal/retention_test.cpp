#include "reflection/asking.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/journal/journal_thread.hpp>

#include <sqlite3.h>

#include <future>
#include <thread>

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

std::string name(int i) {
  return "weave-" + std::to_string(i);
}

/// Records spacetimes `first` to `last` in one transaction.
void record(journal& j, int first, int last) {
  REQUIRE(!j.begin());
  for (auto i = first; i <= last; ++i)
    REQUIRE(!j.add_spacetime(name(i), "{}"));
  REQUIRE(!j.commit());
}

/// Counts transactions: each is synced once.
struct counting_syncs : disk_hooks {
  disk_fault before_sync() override {
    ++syncs;
    return disk_fault::none;
  }
  std::atomic<int> syncs{0};
};

/// Detects a sync so late that no write caused it.
struct late_sync : disk_hooks {
  disk_fault before_sync() override {
    if (std::chrono::steady_clock::now() - begun >= late)
      came = true;
    return disk_fault::none;
  }
  std::chrono::steady_clock::time_point begun =
    std::chrono::steady_clock::now();
  std::chrono::milliseconds late{600};
  std::atomic<bool> came{false};
};

/// Stores an episode.
struct add_one : journal_task {
  caf::error run(journal& x) override {
    auto place = x.add(row_of(rewarded("answer", .5), 1));
    return place ? caf::error{} : std::move(place.error());
  }
};

/// Counts the episodes, without causing any upkeep before the count.
struct count_episodes : journal_task {
  bool grouped() const override { return false; }
  caf::error run(journal& x) override {
    auto n = x.count_episodes();
    found.set_value(n ? *n : -1);
    return {};
  }
  std::promise<std::int64_t> found;
};

std::int64_t episodes_in(journal_thread& writer) {
  auto task = std::make_shared<count_episodes>();
  auto found = task->found.get_future();
  writer.submit(task);
  return found.get();
}

} // namespace

TEST_CASE("old spacetimes are dropped, however many of them share a commit") {
  for (auto together : {1, 7, 100}) {
    scratch_directory dir;
    journal_options options{dir.journal()};
    options.retain_spacetimes = 10;
    auto j = open(options);
    auto most = std::int64_t{0};
    for (auto i = 0; i < 600; i += together) {
      record(*j, i + 1, i + together);
      REQUIRE(!j->tend(false));
      most = std::max(most, *j->count_spacetimes());
    }
    INFO(together << " in a commit");
    CHECK(most < 20);
    // The newest ones are kept.
    auto newest =
      600 % together == 0 ? 600 : 600 / together * together + together;
    CHECK(*j->spacetime(name(newest)));
    CHECK(*j->spacetime(name(newest - 9)));
    CHECK(!*j->spacetime(name(newest - 20)));
  }
}

TEST_CASE("retention keeps up with any load, in short steps") {
  scratch_directory dir;
  journal_options options{dir.journal()};
  record(*open(options), 1, 5000);
  options.retain_spacetimes = 100;
  auto j = open(options);
  auto left = *j->count_spacetimes();
  REQUIRE(left == 5000);
  CHECK(j->behind());
  for (auto turns = 0; j->behind() && turns < 10; ++turns) {
    REQUIRE(!j->tend(false));
    auto now = *j->count_spacetimes();
    CHECK(left - now <= 2000);
    // More than the 1,024 writes of the largest commit.
    CHECK((left - now > 1024 || !j->behind()));
    left = now;
  }
  CHECK(!j->behind());
  CHECK(left >= 100);
  CHECK(left < 200);
}

TEST_CASE("spacetimes are dropped even if episodes cannot be") {
  scratch_directory dir;
  journal_options options{dir.journal()};
  {
    auto j = open(options);
    record(*j, 1, 100);
    REQUIRE(!j->begin());
    for (auto i = 0; i < 20; ++i)
      REQUIRE(j->add(row_of(rewarded("answer", 0.5), 1)));
    REQUIRE(!j->commit());
  }
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(dir.journal().c_str(), &db) == SQLITE_OK);
  CHECK(sqlite3_exec(db, "UPDATE episodes SET checksum=0 WHERE sequence=1",
                     nullptr, nullptr, nullptr)
        == SQLITE_OK);
  sqlite3_close(db);
  options.retain_episodes = 5;
  options.retain_spacetimes = 5;
  auto j = std::move(*journal::open(options));
  CHECK(is(j->tend(true), errc::corrupt));
  CHECK(*j->count_spacetimes() == 5);
}

TEST_CASE("spacetimes of a failed transaction do not count") {
  scratch_directory dir;
  journal_options options{dir.journal()};
  options.retain_spacetimes = 10;
  auto j = open(options);
  record(*j, 1, 5);
  for (auto i = 100; i < 600; ++i) {
    REQUIRE(!j->begin());
    REQUIRE(!j->add_spacetime(name(i), "{}"));
    j->rollback();
  }
  record(*j, 6, 6);
  REQUIRE(!j->tend(true));
  CHECK(*j->count_spacetimes() == 6);
}

TEST_CASE("rows that expire while the journal is idle are dropped, too") {
  scratch_directory dir;
  journal_thread::options options;
  options.journal.file = dir.journal();
  // It expires only after the check that follows each write.
  auto disk = std::make_shared<late_sync>();
  options.journal.hooks = disk;
  options.journal.retain_age = disk->late;
  options.age_check = std::chrono::milliseconds{50};
  std::promise<void> closed;
  journal_thread writer{std::move(options), {{}, {}, [&] {
                                               closed.set_value();
                                             }}};
  auto stored = std::make_shared<add_one>();
  writer.submit(stored);
  // An earlier question would keep the thread from being idle. The log is
  // checkpointed long before.
  CHECK(eventually([&] { return disk->came.load(); }));
  CHECK(episodes_in(writer) == 0);
  writer.close();
  closed.get_future().get();
}

TEST_CASE("an id is known as long as its row is kept, and no longer") {
  scratch_directory dir;
  auto j = open({dir.journal(), nullptr, {}, nullptr, 20});
  auto first = row_of(rewarded("answer", .5), 1);
  auto store = [&](const episode_row& x) {
    REQUIRE(!j->begin());
    auto place = j->add(x);
    REQUIRE(place);
    REQUIRE(!j->commit());
    REQUIRE(!j->tend(true));
    return place->fresh;
  };
  CHECK(store(first));
  for (auto i = 0; i < 20; ++i) {
    CHECK(!store(first));
    store(row_of(rewarded("answer", .5), 1));
  }
  // As many newer ones again may be kept, until the oldest are dropped
  // together.
  CHECK(!store(first));
  for (auto i = 0; i < 20; ++i)
    store(row_of(rewarded("answer", .5), 1));
  CHECK(store(first));
}

TEST_CASE("retention catches up while the journal is idle") {
  scratch_directory dir;
  auto options = options_in(dir);
  record(*open({dir.journal()}), 1, 4000);
  options.retain_spacetimes = 10;
  {
    auto disk = std::make_shared<counting_syncs>();
    running_buffer buffer{options, disk};
    REQUIRE(!buffer.opened());
    // Steps of 512.
    CHECK(eventually([&] { return disk->syncs >= 8; }));
  }
  CHECK(*open({dir.journal()})->count_spacetimes() == 10);
}
