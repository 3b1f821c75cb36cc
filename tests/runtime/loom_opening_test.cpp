#include "runtime/looms.hpp"
#include "storage/faults.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/memory_ids.hpp>
#include <hololoom/messages/caf/reflection_ids.hpp>
#include <hololoom/messages/caf/shuttle_ids.hpp>
#include <hololoom/runtime/loom.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <latch>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

// A loom whose stores take long to open, or are down for a while.

using namespace hololoom;
using namespace std::chrono_literals;
using namespace hololoom::test;

namespace {

/// A disk that tells when it is first used, and hangs then.
class hanging_disk : public moody_disk {
public:
  hanging_disk() { hang(true); }
  disk_fault before_write(std::size_t bytes) override {
    std::call_once(once_, [this] { used.count_down(); });
    return moody_disk::before_write(bytes);
  }
  disk_fault before_sync() override {
    std::call_once(once_, [this] { used.count_down(); });
    return moody_disk::before_sync();
  }
  std::latch used{1};

private:
  std::once_flag once_;
};

} // namespace

TEST_CASE_METHOD(scratch, "a memory that takes long to open says how far it "
                          "is, and can be told to stop") {
  constexpr auto count = 20'000;
  {
    auto x = loom::open(config_in(path));
    REQUIRE(x);
    std::vector<shard> many(count);
    for (auto i = 0; i < count; ++i) {
      many[i].id = "shard_" + std::to_string(i);
      many[i].text = "The number of this shard is " + std::to_string(i) + ".";
    }
    REQUIRE(x->remember(std::move(many)));
  }
  std::vector<start_progress> news;
  loom_extras extras;
  SECTION("to its end") {
    extras.on_progress = [&](const start_progress& x) {
      news.push_back(x);
    };
    auto x = loom::open(config_in(path), std::move(extras));
    REQUIRE(x);
    CHECK(x->state() == loom_state::running);
    REQUIRE(!news.empty());
    CHECK(news.back().what == "indexing the memory");
    CHECK(news.back().total == count);
    CHECK(news.back().done <= count);
  }
  SECTION("at its first news") {
    std::stop_source stop;
    extras.stop = stop.get_token();
    extras.on_progress = [&](const start_progress& x) {
      news.push_back(x);
      stop.request_stop();
    };
    auto x = loom::open(config_in(path), std::move(extras));
    REQUIRE(!x);
    CHECK(is(x.error(), errc::cancelled));
    CHECK(news.size() == 1);
    // The next one has the directory, and everything is there.
    auto again = loom::open(config_in(path));
    REQUIRE(again);
    CHECK(again->weave("which shard has the number 12345"));
  }
  SECTION("before it has begun") {
    std::stop_source stop;
    stop.request_stop();
    extras.stop = stop.get_token();
    auto x = loom::open(config_in(path), std::move(extras));
    REQUIRE(!x);
    CHECK(is(x.error(), errc::cancelled));
  }
  SECTION("whatever the function that is told throws") {
    extras.on_progress = [&](const start_progress&) {
      throw std::runtime_error{"no terminal"};
    };
    CHECK(loom::open(config_in(path), std::move(extras)));
  }
}

TEST_CASE_METHOD(scratch, "an opening that hangs at the disk ends within the "
                          "grace, and what hangs is named") {
  auto disk = std::make_shared<hanging_disk>();
  std::stop_source stop;
  loom_extras extras;
  extras.disk = disk;
  extras.stop = stop.get_token();
  auto cfg = config_in(path);
  cfg.shutdown.grace = 5'000ms;
  auto opened = std::async(std::launch::async, [&] {
    auto x = loom::open(cfg, extras);
    return x ? caf::error{} : x.error();
  });
  disk->used.wait();
  auto begun = std::chrono::steady_clock::now();
  stop.request_stop();
  auto err = opened.get();
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
  CHECK(is(err, errc::stuck));
  CHECK(explain(err).find("root/reflection") != std::string::npos);
  CHECK(std::filesystem::exists(path / "last_shutdown.json"));
  disk->fail(disk_fault::broken);
  disk->hang(false);
}

TEST_CASE_METHOD(scratch, "a loom with a part that is down is degraded, and "
                          "the others go on") {
  auto opened = loom::open(config_in(path));
  REQUIRE(opened);
  auto& x = *opened;
  REQUIRE(x.weave_and_reflect("what is 1 + 1", {.helpful = true}));
  CHECK(x.state() == loom_state::running);
  auto woven = x.weave("what is 1 + 2");
  REQUIRE(woven);
  // Its store cannot be opened again.
  auto file = path / "shards.db";
  REQUIRE(std::filesystem::exists(file));
  auto aside = path / "aside.db";
  std::filesystem::rename(file, aside);
  std::filesystem::create_directory(file);
  event_watch events{x};
  kill_incarnation(x, "root/yarn");
  REQUIRE(events.wait_for("root/yarn", transition::restarting));
  CHECK(x.state() == loom_state::degraded);
  CHECK(x.reflect(*woven, {.helpful = true}));
  auto kept = x.remember({{.id = "one", .text = "One."}});
  REQUIRE(!kept);
  CHECK(is(kept.error(), errc::unavailable));
  std::filesystem::remove_all(file);
  std::filesystem::rename(aside, file);
  REQUIRE(events.wait_for("root/weavers", transition::ready, 2));
  CHECK(x.state() == loom_state::running);
  CHECK(x.weave("what is 1 + 3"));
}

TEST_CASE_METHOD(scratch, "a loom whose journal is found damaged is degraded, "
                          "goes on, and reports the place") {
  auto cfg = config_in(path);
  cfg.reflection.capacity = 1;
  {
    auto x = loom::open(cfg);
    REQUIRE(x);
    for (auto i = 0; i < 5; ++i)
      REQUIRE(x->weave_and_reflect("what is 1 + " + std::to_string(i)));
  }
  auto file = path / "journal.db";
  {
    std::fstream io{file, std::ios::in | std::ios::out | std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{io}, {}};
    auto at = bytes.find("what is 1 + 0");
    REQUIRE(at != std::string::npos);
    io.seekp(static_cast<std::streamoff>(at)).put('W');
  }
  auto x = loom::open(cfg);
  REQUIRE(x);
  auto until = std::chrono::steady_clock::now() + 10s;
  while (x->state() == loom_state::running
         && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(1ms);
  CHECK(x->state() == loom_state::degraded);
  CHECK(x->weave_and_reflect("what is 2 + 2"));
  auto report = x->close();
  CHECK(report.exit_code == 0);
  CHECK(report.problem.find("damaged") != std::string::npos);
  CHECK(report.problem.find("hololoom repair") != std::string::npos);
}
