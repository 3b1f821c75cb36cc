#include "reflection/asking.hpp"
#include "storage/faults.hpp"
#include "support/catch.hpp"

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

reflection_status status(running_buffer& buffer) {
  return *buffer.ask<reflection_status>(reflection_status_query{});
}

reflection_options impatient_options(const scratch_directory& dir) {
  auto result = options_in(dir);
  result.stall_limit = millis{300};
  return result;
}

/// A disk that hangs from the start. At the end it breaks, so that the hanging
/// thread releases the directory.
struct hanging_disk {
  hanging_disk() { moody->hang(true); }
  ~hanging_disk() {
    moody->fail(disk_fault::broken);
    moody->hang(false);
  }
  std::shared_ptr<moody_disk> moody = std::make_shared<moody_disk>();
};

} // namespace

TEST_CASE(
  "the status of a buffer says since when it has been opening its journal") {
  scratch_directory dir;
  hanging_disk disk;
  running_buffer buffer{options_in(dir), disk.moody};
  auto first = status(buffer);
  REQUIRE(first.opening);
  CHECK(!first.degraded);
  CHECK(eventually([&] { return *status(buffer).opening > *first.opening; }));
  disk.moody->hang(false);
  REQUIRE(!buffer.opened());
  CHECK(!status(buffer).opening);
}

TEST_CASE("requests that wait for a hanging opening fail in time") {
  scratch_directory dir;
  hanging_disk disk;
  running_buffer buffer{impatient_options(dir), disk.moody};
  auto request = reflection("Anyone?", "answer", .5);
  request.episode_id = "early";
  auto ack = buffer.ask<reflect_ack>(request);
  REQUIRE(!ack);
  CHECK(is(ack.error(), errc::timed_out));
  CHECK_THAT(explain(ack.error()), Catch::Matchers::Contains("being opened"));
  CHECK(is(buffer.ask<reflection_metrics>(metrics_query{}).error(),
           errc::timed_out));
  auto now = status(buffer);
  CHECK(now.degraded);
  CHECK(now.opening);
  CHECK_THAT(now.problem, Catch::Matchers::Contains(dir.path().string()));
  disk.moody->hang(false);
  REQUIRE(!buffer.opened());
  CHECK(!degraded(buffer));
  REQUIRE(buffer.ask<reflect_ack>(request));
  CHECK(buffer.ask<reflection_metrics>(metrics_query{})->total_cycles == 1);
}

TEST_CASE("requests wait for a journal that opens slowly, which does not count "
          "as hung") {
  scratch_directory dir;
  auto disk = std::make_shared<moody_disk>();
  disk->slow(60ms);
  running_buffer buffer{impatient_options(dir), disk};
  auto seen_degraded = false;
  auto longest = millis{0};
  for (auto now = status(buffer); now.opening; now = status(buffer)) {
    seen_degraded = seen_degraded || now.degraded;
    longest = *now.opening;
  }
  REQUIRE(!buffer.opened());
  CHECK(longest > millis{300});
  CHECK(!seen_degraded);
  disk->slow(0ms);
}

TEST_CASE("an exit during an opening that hangs is not delayed") {
  scratch_directory dir;
  hanging_disk disk;
  running_buffer buffer{impatient_options(dir), disk.moody};
  many clients{buffer};
  clients.ask(3);
  REQUIRE(queued(buffer, 3));
  buffer.stop(caf::exit_reason::user_shutdown);
  CHECK(buffer.ended() == caf::exit_reason::user_shutdown);
  CHECK(is(buffer.opened(), errc::timed_out));
  clients.drain();
  CHECK(clients.failed == 3);
}

TEST_CASE("a final flush during an opening that hangs reports the reason") {
  scratch_directory dir;
  hanging_disk disk;
  running_buffer buffer{impatient_options(dir), disk.moody};
  auto flushed = buffer.ask<flush_ack>(flush_request{true});
  REQUIRE(!flushed);
  CHECK(is(flushed.error(), errc::timed_out));
  CHECK_THAT(explain(flushed.error()),
             Catch::Matchers::Contains("being opened"));
}

TEST_CASE("an exit during a long opening that no write waits for gives it up") {
  scratch_directory dir;
  auto disk = std::make_shared<moody_disk>();
  disk->slow(60ms);
  running_buffer buffer{options_in(dir), disk};
  REQUIRE(status(buffer).opening);
  buffer.stop(caf::exit_reason::user_shutdown);
  CHECK(buffer.ended() == caf::exit_reason::user_shutdown);
  CHECK(is(buffer.opened(), errc::cancelled));
}

TEST_CASE("an exit during a slow opening waits for the requests made before") {
  scratch_directory dir;
  auto disk = std::make_shared<moody_disk>();
  disk->slow(20ms);
  running_buffer buffer{impatient_options(dir), disk};
  many clients{buffer};
  clients.ask(3);
  REQUIRE(queued(buffer, 3));
  buffer.stop(caf::exit_reason::user_shutdown);
  clients.drain();
  CHECK(clients.stored == 3);
}
