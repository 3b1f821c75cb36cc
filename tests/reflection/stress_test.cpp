#include "reflection/asking.hpp"
#include "storage/faults.hpp"
#include "storage/volatile_disk.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <sys/mount.h>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

TEST_CASE("the buffer recovers by itself when the disk does") {
  for (auto fault :
       {disk_fault::full, disk_fault::read_only, disk_fault::broken}) {
    scratch_directory dir;
    auto disk = std::make_shared<moody_disk>();
    auto options = options_in(dir);
    options.retry_interval = millis{20};
    running_buffer buffer{options, disk};
    REQUIRE(buffer.ask<reflect_ack>(reflection("One?", "answer", .5)));
    disk->fail(fault);
    auto request = reflection("Two?", "answer", .5);
    request.episode_id = "two";
    auto ack = buffer.ask<reflect_ack>(request);
    REQUIRE(!ack);
    auto expected = fault == disk_fault::full      ? errc::disk_full
                  : fault == disk_fault::read_only ? errc::read_only
                                                   : errc::io_error;
    CHECK(is(ack.error(), expected));
    CHECK_THAT(explain(ack.error()), Catch::Matchers::Contains(";"));
    CHECK(degraded(buffer));
    disk->fail(disk_fault::none);
    CHECK(eventually([&] { return !degraded(buffer); }));
    auto retried = buffer.ask<reflect_ack>(request);
    REQUIRE(retried);
    CHECK(retried->sequence == 2);
  }
}

TEST_CASE("a flush that the disk fails reports the reason") {
  scratch_directory dir;
  auto disk = std::make_shared<moody_disk>();
  running_buffer buffer{options_in(dir), disk};
  REQUIRE(!buffer.opened());
  many clients{buffer};
  disk->hang(true);
  clients.ask(10);
  REQUIRE(queued(buffer, 10));
  disk->fail(disk_fault::full);
  caf::scoped_actor self{buffer.system()};
  auto pending = self->request(buffer.handle(), caf::infinite, flush_request{});
  REQUIRE(queued(buffer, 11));
  disk->hang(false);
  caf::error failed;
  pending.receive([](flush_ack&) {}, [&](caf::error& x) { failed = x; });
  CHECK(is(failed, errc::disk_full));
  clients.drain();
  CHECK(clients.stored == 0);
  disk->fail(disk_fault::none);
  CHECK(buffer.ask<flush_ack>(flush_request{}));
}

TEST_CASE("requests that wait for a hanging disk fail in time") {
  scratch_directory dir;
  auto disk = std::make_shared<moody_disk>();
  auto options = options_in(dir);
  options.stall_limit = millis{300};
  options.retry_interval = millis{50};
  running_buffer buffer{options, disk};
  REQUIRE(!buffer.opened());
  disk->hang(true);
  auto request = reflection("Anyone?", "answer", .5);
  request.episode_id = "hung";
  auto ack = buffer.ask<reflect_ack>(request);
  REQUIRE(!ack);
  CHECK(is(ack.error(), errc::timed_out));
  CHECK(degraded(buffer));
  CHECK(buffer.ask<reflection_metrics>(metrics_query{}));
  disk->hang(false);
  CHECK(eventually([&] { return !degraded(buffer); }));
  REQUIRE(buffer.ask<reflect_ack>(request));
  CHECK(buffer.ask<reflection_metrics>(metrics_query{})->total_cycles == 1);
}

TEST_CASE("a slow flush reports its progress") {
  scratch_directory dir;
  auto disk = std::make_shared<moody_disk>();
  running_buffer buffer{options_in(dir), disk};
  REQUIRE(!buffer.opened());
  many clients{buffer};
  disk->hang(true);
  clients.ask(500);
  REQUIRE(queued(buffer, 500));
  disk->slow(4ms);
  caf::scoped_actor self{buffer.system()};
  self->send(buffer.handle(), flush_request{true});
  REQUIRE(queued(buffer, 501));
  disk->hang(false);
  auto done = false;
  auto progress = 0;
  auto longest = 0ms;
  auto last = std::chrono::steady_clock::now();
  auto first = true;
  while (!done) {
    self->receive([&](const flush_progress&) { ++progress; },
                  [&](const flush_ack& x) {
                    done = true;
                    CHECK(x.sequence == 500);
                  });
    auto now = std::chrono::steady_clock::now();
    if (!std::exchange(first, false))
      longest = std::max(
        longest,
        std::chrono::duration_cast<std::chrono::milliseconds>(now - last));
    last = now;
  }
  CHECK(progress >= 5);
  // Twice the promised time, for busy machines.
  CHECK(longest <= 500ms);
  clients.drain();
  CHECK(clients.stored == 500);
}

TEST_CASE("an exit commits what is queued before the buffer is down") {
  scratch_directory dir;
  auto disk = std::make_shared<moody_disk>();
  running_buffer buffer{options_in(dir), disk};
  REQUIRE(!buffer.opened());
  many clients{buffer};
  disk->slow(2ms);
  clients.ask(300);
  CHECK(eventually([&] { return clients.stored > 0; }));
  buffer.stop(caf::exit_reason::user_shutdown);
  CHECK(buffer.ended() == caf::exit_reason::user_shutdown);
  clients.drain();
  auto stored = clients.stored.load();
  auto j = journal::open({dir.journal()});
  REQUIRE(j);
  CHECK((*j)->learned().sequence == stored);
}

TEST_CASE("requests that wait when the buffer is killed fail") {
  scratch_directory dir;
  auto disk = std::make_shared<moody_disk>();
  running_buffer buffer{options_in(dir), disk};
  REQUIRE(!buffer.opened());
  disk->hang(true);
  many clients{buffer};
  clients.ask(20);
  REQUIRE(queued(buffer, 20));
  buffer.stop(caf::exit_reason::kill);
  clients.drain();
  CHECK(clients.failed == 20);
  disk->hang(false);
}

TEST_CASE("a disk that is really full") {
  scratch_directory dir{true};
  if (::mount("tmpfs", dir.path().c_str(), "tmpfs", 0, "size=2m") != 0) {
    WARN("skipped: a tmpfs cannot be mounted here");
    return;
  }
  {
    auto options = options_in(dir);
    options.retry_interval = millis{20};
    running_buffer buffer{options};
    REQUIRE(buffer.ask<reflect_ack>(reflection("Room?", "answer", .5)));
    auto filler = dir.path() / "filler";
    {
      std::ofstream out{filler, std::ios::binary};
      std::string block(4096, 'x');
      while (out.write(block.data(), 4096).flush()) {
      }
    }
    caf::error refused;
    for (auto i = 0; i < 50 && !refused; ++i) {
      auto ack = buffer.ask<reflect_ack>(reflection("More?", "answer", .5));
      if (!ack)
        refused = ack.error();
    }
    CHECK(is(refused, errc::disk_full));
    CHECK_THAT(explain(refused), Catch::Matchers::Contains("space"));
    CHECK(degraded(buffer));
    std::filesystem::remove(filler);
    CHECK(buffer.ask<reflect_ack>(reflection("Now?", "answer", .5)));
    CHECK(!degraded(buffer));
    auto metrics = buffer.ask<reflection_metrics>(metrics_query{});
    CHECK(metrics->total_cycles
          == buffer.ask<reflection_status>(reflection_status_query{})->stored);
  }
  auto j = journal::open({dir.journal()});
  REQUIRE(j);
  CHECK(!(*j)->verify());
  j->reset();
  CHECK(::umount(dir.path().c_str()) == 0);
}

TEST_CASE("ten thousand restarts never have two writers") {
  volatile_disk disk;
  scratch_directory dir;
  std::atomic<int> open{0};
  std::atomic<int> most{0};
  std::atomic<int> done{0};
  journal_options options{dir.journal(), nullptr, disk.name()};
  options.retain_episodes = 4;
  auto life = [&] {
    while (done < 10'000) {
      auto j = journal::open(options);
      if (!j) {
        if (!is(j.error(), errc::data_dir_locked))
          return;
        std::this_thread::yield();
        continue;
      }
      most = std::max(most.load(), ++open);
      if ((*j)->verify() || (*j)->begin()
          || !(*j)->add(row_of(rewarded("a", .5), 1)) || (*j)->commit()
          || (*j)->tend(true))
        return;
      --open;
      ++done;
    }
  };
  std::thread other{life};
  life();
  other.join();
  CHECK(done >= 10'000);
  CHECK(most == 1);
  auto j = journal::open(options);
  REQUIRE(j);
  CHECK(!(*j)->verify());
  CHECK((*j)->learned().sequence == done);
}

namespace {

/// 3,000, or HOLOLOOM_RESTARTS.
int restarts() {
  auto text = std::getenv("HOLOLOOM_RESTARTS");
  return text ? std::atoi(text) : 3'000;
}

} // namespace

TEST_CASE("a buffer that is killed is replaced by one that waits for it") {
  scratch_directory dir;
  system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  auto options = options_in(dir);
  // Each restart reads the journal, which must stay short.
  options.retain_episodes = 16;
  auto stored = 0;
  for (auto i = 0; i < restarts(); ++i) {
    auto buffer = spawn_reflection_buffer(system, options);
    self->request(buffer, caf::infinite, reflection("Again?", "answer", .5))
      .receive([&](reflect_ack& ack) { CHECK(ack.sequence == ++stored); },
               [&](caf::error& err) { FAIL(explain(err)); });
    self->send_exit(buffer, caf::exit_reason::kill);
  }
  CHECK(stored == restarts());
}
