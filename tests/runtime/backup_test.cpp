#include "runtime/looms.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/scratch.hpp"

#include <hololoom/actors/reflection/repair/verify_journal.hpp>
#include <hololoom/actors/storage/archive.hpp>
#include <hololoom/messages/json/write.hpp>
#include <hololoom/runtime/loom.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>

// A backup of a running loom, and a loom that goes on from one.

using namespace hololoom;
using namespace std::chrono_literals;
using namespace hololoom::test;

namespace {

namespace fs = std::filesystem;

shard shard_of(int i) {
  shard result;
  result.id = "shard" + std::to_string(i);
  result.text = "Text number " + std::to_string(i) + ".";
  return result;
}

struct backing_up : scratch {
  loom open_data() { return open_in(path / "data"); }

  caf::expected<restore_report> restore() {
    return restore_backup(file, path / "restored");
  }

  /// The files in `folder` that a backup or a restoration left there.
  static std::vector<std::string> leftovers(const fs::path& folder) {
    std::vector<std::string> result;
    for (const auto& x : fs::directory_iterator{folder})
      if (auto name = x.path().filename().string();
          name.find(".part") != std::string::npos)
        result.push_back(name);
    return result;
  }

  /// The episodes of a directory, in order.
  static std::vector<std::string> ids_in(const fs::path& directory) {
    auto x = open_in(directory);
    std::vector<std::string> result;
    for (std::int64_t after = 0;;) {
      auto page = x.episodes({.after = after, .limit = 1'000});
      REQUIRE(page);
      if (page->episodes.empty())
        return result;
      for (const auto& episode : page->episodes)
        result.push_back(episode.id);
      after = page->last;
    }
  }

  /// Something in each store, and something learned.
  static void fill(loom& x, int count) {
    std::vector<shard> shards;
    for (int i = 0; i < count; ++i)
      shards.push_back(shard_of(i));
    REQUIRE(x.remember(std::move(shards)));
    for (int i = 0; i < count; ++i)
      REQUIRE(x.weave_and_reflect("what is " + std::to_string(i) + " * 7",
                                  {.helpful = i % 3 != 0}));
  }

  fs::path file = path / "backup";
};

std::string everything(loom& x) {
  auto metrics = x.reflection_metrics();
  auto page = x.episodes({.after = 0, .limit = 1'000});
  REQUIRE(metrics);
  REQUIRE(page);
  return json_text(*metrics) + json_text(*page);
}

} // namespace

TEST_CASE_METHOD(backing_up, "a restored loom is the one that was backed up") {
  std::string before;
  {
    auto x = open_data();
    fill(x, 30);
    auto made = x.backup(file);
    REQUIRE(made);
    CHECK(made->last_episode == 30);
    CHECK(made->shards == 30);
    CHECK(made->bytes == static_cast<std::int64_t>(fs::file_size(file)));
    CHECK(leftovers(path).empty());
    CHECK(leftovers(path / "data").empty());
    before = everything(x);
    // Later ones are not in it.
    REQUIRE(x.weave_and_reflect("what is 6 * 7", {}));
  }
  auto restored = restore();
  REQUIRE(restored);
  CHECK(restored->last_episode == 30);
  CHECK(restored->shards == 30);
  CHECK(leftovers(path).empty());
  auto x = open_in(path / "restored");
  CHECK(everything(x) == before);
  auto found = x.remember({shard_of(3)});
  REQUIRE(found);
  CHECK(found->unchanged == 1);
  CHECK(found->total == 30);
}

TEST_CASE_METHOD(backing_up, "a backup under load is the loom at one instant") {
  std::atomic<std::int64_t> acknowledged = 0;
  std::int64_t before = 0;
  std::int64_t after = 0;
  {
    auto x = open_data();
    fill(x, 50);
    auto woven = x.weave("what is 6 * 7");
    REQUIRE(woven);
    std::atomic<bool> enough = false;
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i)
      clients.emplace_back([&, i] {
        for (int n = 0; !enough; ++n) {
          if (x.reflect(*woven, {.rating = 1.0 + (n + i) % 5}))
            ++acknowledged;
          if (i == 0)
            std::ignore = x.remember({shard_of(100 + n)});
        }
      });
    while (acknowledged < 200)
      std::this_thread::yield();
    before = acknowledged;
    auto made = x.backup(file);
    after = acknowledged;
    enough = true;
    for (auto& c : clients)
      c.join();
    REQUIRE(made);
    CHECK(made->last_episode >= 50 + before);
    // One of each client may be on disk and not yet acknowledged.
    CHECK(made->last_episode <= 50 + after + 8);
  }
  auto restored = restore();
  REQUIRE(restored);
  auto report = verify_journal(path / "restored");
  REQUIRE(report);
  CHECK(report->sound);
  CHECK(!report->relearned);
  // It has the journal's first episodes, without a gap, and no other.
  auto all = ids_in(path / "data");
  auto some = ids_in(path / "restored");
  REQUIRE(std::ssize(some) == restored->last_episode);
  REQUIRE(some.size() <= all.size());
  CHECK(std::equal(some.begin(), some.end(), all.begin()));
}

TEST_CASE_METHOD(backing_up, "a backup is refused where it cannot be") {
  SECTION("of a loom without a data directory") {
    auto x = open();
    CHECK(is(x.backup(file).error(), errc::not_supported));
  }
  SECTION("into a file that exists") {
    auto x = open_data();
    write_text(file, "mine");
    CHECK(is(x.backup(file).error(), errc::io_error));
    CHECK(text_of(file) == "mine");
    return;
  }
  SECTION("into a directory that does not exist") {
    auto x = open_data();
    CHECK(is(x.backup(path / "no" / "backup").error(), errc::io_error));
  }
  SECTION("of a closed loom") {
    auto x = open_data();
    x.close();
    CHECK(is(x.backup(file).error(), errc::closed));
  }
  CHECK(!fs::exists(file));
  CHECK(leftovers(path).empty());
}

TEST_CASE_METHOD(backing_up, "a backup is called off, and leaves nothing") {
  auto x = open_data();
  fill(x, 20);
  std::stop_source stop;
  auto seen = GENERATE("copying", "verifying", "packing");
  backup_options options;
  options.stop = stop.get_token();
  options.on_progress = [&](const start_progress& now) {
    if (now.what.starts_with(seen))
      stop.request_stop();
  };
  if (std::string_view{seen} == "copying")
    stop.request_stop();
  auto made = x.backup(file, options);
  REQUIRE(!made);
  CHECK(is(made.error(), errc::cancelled));
  CHECK(!fs::exists(file));
  CHECK(leftovers(path).empty());
  CHECK(leftovers(path / "data").empty());
  CHECK(x.backup(file));
}

TEST_CASE_METHOD(backing_up, "a close ends a backup") {
  auto x = open_data();
  fill(x, 20);
  std::optional<pending_report> closed;
  backup_options options;
  options.on_progress = [&](const start_progress&) {
    if (!closed)
      closed.emplace(x.close_async());
  };
  auto made = x.backup(file, options);
  REQUIRE(!made);
  CHECK(
    (is(made.error(), errc::shutting_down) || is(made.error(), errc::closed)));
  REQUIRE(closed);
  auto report = closed->get();
  CHECK(report.exit_code == 0);
  CHECK(report.total < millis{4'000});
  CHECK(!fs::exists(file));
}

TEST_CASE_METHOD(backing_up, "one backup is made at a time") {
  auto x = open_data();
  fill(x, 5);
  caf::error second;
  auto made = x.backup(file, {[&](const start_progress&) {
                         if (!second)
                           second = x.backup(path / "second").error();
                       }});
  CHECK(made);
  CHECK(is(second, errc::already_started));
}

TEST_CASE_METHOD(backing_up, "nothing of a damaged store is backed up") {
  {
    auto x = open_data();
    fill(x, 60);
  }
  auto journal = path / "data" / "journal.db";
  auto bytes = text_of(journal);
  auto at = bytes.find("what is 30 * 7");
  REQUIRE(at != std::string::npos);
  bytes[at] ^= 1;
  write_text(journal, bytes);
  auto x = open_data();
  auto made = x.backup(file);
  REQUIRE(!made);
  CHECK(is(made.error(), errc::corrupt));
  auto said = explain(made.error());
  CHECK(said.find((path / "data").string() + " is damaged")
        != std::string::npos);
  CHECK(said.find("backup.part") == std::string::npos);
  CHECK(!fs::exists(file));
  CHECK(leftovers(path).empty());
}

TEST_CASE_METHOD(backing_up, "a caller that does not return from its progress "
                             "holds up its own backup alone") {
  auto x = open_data();
  fill(x, 20);
  auto woven = x.weave("what is 6 * 7");
  REQUIRE(woven);
  auto told = 0;
  auto made = x.backup(file, {[&](const start_progress&) {
                         // Both stores still answer.
                         if (++told > 3)
                           return;
                         CHECK(x.reflect(*woven, {.helpful = true}));
                         CHECK(x.remember({shard_of(1'000 + told)}));
                       }});
  CHECK(made);
  CHECK(told > 3);
}

TEST_CASE_METHOD(backing_up, "a file of another name is not touched") {
  write_text(path / "backup.part", "mine");
  auto x = open_data();
  fill(x, 3);
  REQUIRE(x.backup(file));
  CHECK(text_of(path / "backup.part") == "mine");
}

TEST_CASE_METHOD(backing_up, "what a killed backup left is removed") {
  fs::create_directories(path / "data" / "backup.part");
  write_text(path / "data" / "backup.part" / "journal.db", "half");
  auto x = open_data();
  CHECK(leftovers(path / "data").empty());
}

TEST_CASE_METHOD(backing_up, "a restoration overwrites nothing") {
  {
    auto x = open_data();
    fill(x, 3);
    REQUIRE(x.backup(file));
  }
  fs::create_directory(path / "restored");
  SECTION("of a directory in use") {
    write_text(path / "restored" / "mine", "x");
    CHECK(is(restore().error(), errc::data_dir_unusable));
    CHECK(text_of(path / "restored" / "mine") == "x");
  }
  SECTION("but an empty directory is fine, and keeps its mode") {
    fs::permissions(path / "restored", fs::perms::owner_all);
    CHECK(restore());
    CHECK(fs::status(path / "restored").permissions() == fs::perms::owner_all);
    CHECK(leftovers(path / "restored").empty());
  }
  SECTION("and after a failure it is as it was") {
    write_text(file, text_of(file).substr(0, 1000));
    CHECK(is(restore().error(), errc::corrupt));
    CHECK(fs::is_empty(path / "restored"));
  }
  SECTION("not a file either") {
    fs::remove(path / "restored");
    write_text(path / "restored", "x");
    CHECK(is(restore().error(), errc::data_dir_unusable));
  }
  CHECK(leftovers(path).empty());
}

TEST_CASE_METHOD(backing_up, "a restoration that was cut short opens no loom, "
                             "and is begun again") {
  {
    auto x = open_data();
    fill(x, 3);
    REQUIRE(x.backup(file));
  }
  // Killed when one of the stores was in its place.
  auto there = path / "restored";
  fs::create_directories(there / "restore.part");
  write_text(there / "restore.part" / "journal.db", "half");
  write_text(there / "shards.db", "whole");
  write_text(there / "lock", "");
  auto refused = loom::open(config_in(there));
  REQUIRE(!refused);
  CHECK(is(refused.error(), errc::data_dir_unusable));
  CHECK(explain(refused.error()).find("cut short") != std::string::npos);
  CHECK(restore());
  CHECK(leftovers(there).empty());
  CHECK(ids_in(there).size() == 3);
}

TEST_CASE_METHOD(backing_up, "of two restorations into a directory one wins") {
  {
    auto x = open_data();
    fill(x, 3);
    REQUIRE(x.backup(file));
  }
  caf::error second;
  auto first =
    restore_backup(file, path / "restored", {[&](const start_progress&) {
                     if (!second)
                       second = restore().error();
                   }});
  CHECK(first);
  CHECK(is(second, errc::data_dir_locked));
  CHECK(ids_in(path / "restored").size() == 3);
}

TEST_CASE_METHOD(backing_up, "a damaged backup is refused, wherever it is") {
  {
    auto x = open_data();
    fill(x, 40);
    REQUIRE(x.backup(file));
  }
  auto whole = text_of(file);
  std::minstd_rand random{7};
  for (int i = 0; i < 60; ++i) {
    auto bytes = whole;
    if (i < 10)
      bytes.resize(random() % whole.size());
    else
      bytes[random() % whole.size()] ^= static_cast<char>(1 + random() % 255);
    write_text(file, bytes);
    auto restored = restore();
    if (restored) {
      // A bit that means nothing, such as a time stamp in a header.
      CHECK(restored->last_episode == 40);
      auto x = open_in(path / "restored");
      CHECK(x.episodes({.after = 0, .limit = 100})->episodes.size() == 40);
      fs::remove_all(path / "restored");
      continue;
    }
    CHECK(is(restored.error(), errc::corrupt));
    CHECK(!fs::exists(path / "restored"));
    CHECK(leftovers(path).empty());
  }
}

TEST_CASE_METHOD(backing_up, "a backup of a newer form is not guessed at") {
  auto out = archive_writer::create(file);
  REQUIRE(out);
  REQUIRE(!(*out)->add_text(
    "manifest.json", R"({"hololoom_backup": 2, "made_by": "HoloLoom 9"})"));
  REQUIRE(!(*out)->finish());
  auto restored = restore();
  CHECK(is(restored.error(), errc::newer_schema));
  CHECK(explain(restored.error()).find("HoloLoom 9") != std::string::npos);
}
