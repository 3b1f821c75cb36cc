#include "reflection/asking.hpp"
#include "storage/faults.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/metrics_summary.hpp>
#include <hololoom/actors/reflection/transfer/episode_files.hpp>
#include <hololoom/actors/storage/atomic_file.hpp>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

/// Counts the hooks' calls.
struct counting_disk : disk_hooks {
  disk_fault before_write(std::size_t) override {
    ++writes;
    return disk_fault::none;
  }
  disk_fault before_sync() override {
    ++syncs;
    return disk_fault::none;
  }
  std::atomic<int> writes{0};
  std::atomic<int> syncs{0};
};

std::size_t count_files(const std::filesystem::path& directory,
                        const std::string& prefix) {
  std::size_t result = 0;
  for (const auto& entry : std::filesystem::directory_iterator{directory})
    result += entry.path().filename().string().starts_with(prefix) ? 1 : 0;
  return result;
}

/// Holds the writing of an episode file until it is released, or gives up.
struct slow_files : disk_hooks {
  explicit slow_files(const scratch_directory& dir) : directory(dir.path()) {}

  disk_fault before_sync() override {
    std::unique_lock guard{mutex};
    if (count_files(directory, "episode_") > 0 && !released)
      gave_up = !changed.wait_for(guard, 10s, [this] { return released; });
    return disk_fault::none;
  }

  void release() {
    std::lock_guard guard{mutex};
    released = true;
    changed.notify_all();
  }

  std::filesystem::path directory;
  std::mutex mutex;
  std::condition_variable changed;
  bool released = false;
  bool gave_up = false;
};

} // namespace

TEST_CASE("a reflection is answered before its file is written") {
  scratch_directory dir;
  auto disk = std::make_shared<slow_files>(dir);
  auto options = options_in(dir);
  options.episode_files = true;
  running_buffer buffer{options, disk};
  REQUIRE(!buffer.opened());
  CHECK(buffer.ask<reflect_ack>(reflection("Now?", "answer", .5)));
  disk->release();
  CHECK(buffer.ask<flush_ack>(flush_request{}));
  CHECK(!disk->gave_up);
  CHECK(count_files(dir.path(), "episode_") == 1);
}

TEST_CASE("a duplicate on a disk that is full is answered, and proves nothing "
          "of the disk") {
  scratch_directory dir;
  auto disk = std::make_shared<moody_disk>();
  auto options = options_in(dir);
  options.retry_interval = millis{3'600'000};
  running_buffer buffer{options, disk};
  REQUIRE(!buffer.opened());
  auto known = reflection("Known?", "answer", .5);
  known.episode_id = "known";
  REQUIRE(buffer.ask<reflect_ack>(known));
  disk->fail(disk_fault::full);
  CHECK(is(buffer.ask<reflect_ack>(reflection("New?", "answer", .5)).error(),
           errc::disk_full));
  CHECK(degraded(buffer));
  auto again = buffer.ask<reflect_ack>(known);
  REQUIRE(again);
  CHECK(again->duplicate);
  CHECK(degraded(buffer));
  disk->fail(disk_fault::none);
  CHECK(buffer.ask<reflect_ack>(reflection("New?", "answer", .5)));
  CHECK(!degraded(buffer));
}

TEST_CASE("writes to files beside the journal count as disk activity") {
  scratch_directory dir;
  auto hooks = std::make_shared<counting_disk>();
  disk below{hooks};
  auto written = [&] {
    auto result = std::tuple{below.activity().total(), hooks->writes.load(),
                             hooks->syncs.load()};
    return result;
  };
  REQUIRE(!write_summary(dir.path(), {}, &below));
  CHECK(written() == std::tuple{3, 1, 2});
  REQUIRE(!write_episode_file(dir.path(), rewarded("answer", .5), &below));
  CHECK(written() == std::tuple{6, 2, 4});
}

TEST_CASE("a new directory's name is made durable, and those of its parents") {
  scratch_directory dir;
  auto hooks = std::make_shared<counting_disk>();
  disk below{hooks};
  auto made = dir.path() / "a" / "b" / "c";
  CHECK(!make_directory(made, &below));
  CHECK(std::filesystem::is_directory(made));
  CHECK(hooks->syncs == 3);
  CHECK(!make_directory(made, &below));
  CHECK(hooks->syncs == 3);
  spill(dir.path() / "file", "x");
  CHECK(make_directory(dir.path() / "file", &below));
  CHECK(make_directory(dir.path() / "file" / "below", &below));
  auto moody = std::make_shared<moody_disk>();
  moody->fail(disk_fault::broken);
  disk broken{moody};
  CHECK(make_directory(dir.path() / "d", &broken) == std::errc::io_error);
}

TEST_CASE("a fault of the disk affects the files beside the journal, too") {
  scratch_directory dir;
  for (auto [fault, code] : {std::pair{disk_fault::full, errc::disk_full},
                             std::pair{disk_fault::read_only, errc::read_only},
                             std::pair{disk_fault::broken, errc::io_error}}) {
    auto hooks = std::make_shared<moody_disk>();
    disk below{hooks};
    hooks->fail(fault);
    CHECK(is(write_summary(dir.path(), {}, &below), code));
    CHECK(std::filesystem::is_empty(dir.path()));
  }
}

TEST_CASE("a disk that is slow to write episode files does not count as hung") {
  scratch_directory dir;
  auto disk = std::make_shared<moody_disk>();
  auto options = options_in(dir);
  options.episode_files = true;
  options.stall_limit = millis{400};
  running_buffer buffer{options, disk};
  REQUIRE(!buffer.opened());
  disk->hang(true);
  many clients{buffer};
  // One commit, then a file for each episode, which takes about three times the
  // stall limit.
  clients.ask(100);
  REQUIRE(queued(buffer, 100));
  disk->slow(4ms);
  caf::scoped_actor self{buffer.system()};
  self->send(buffer.handle(), flush_request{true});
  REQUIRE(queued(buffer, 101));
  disk->hang(false);
  auto progress = 0;
  auto done = false;
  while (!done)
    self->receive([&](const flush_progress&) { ++progress; },
                  [&](const flush_ack& x) {
                    done = true;
                    CHECK(x.sequence == 100);
                  },
                  [&](const caf::error& x) {
                    done = true;
                    FAIL_CHECK(explain(x));
                  });
  clients.drain();
  CHECK(clients.stored == 100);
  CHECK(progress >= 5);
  CHECK(count_files(dir.path(), "episode_") == 100);
}
