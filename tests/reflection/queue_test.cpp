// How many writes may wait for the disk.

#include "reflection/asking.hpp"
#include "storage/faults.hpp"
#include "support/catch.hpp"

using namespace hololoom;
using namespace hololoom::test;

TEST_CASE("a write past the queue's limit is refused at once") {
  scratch_directory dir;
  auto disk = std::make_shared<moody_disk>();
  auto options = options_in(dir);
  options.queue_limit = 50;
  running_buffer buffer{options, disk};
  REQUIRE(!buffer.opened());
  disk->hang(true);
  many clients{buffer};
  clients.ask(80);
  CHECK(eventually([&] { return clients.overloaded == 30; }));
  disk->hang(false);
  clients.drain();
  CHECK(clients.stored == 50);
}

TEST_CASE("a write is refused at once when those that wait have too many "
          "bytes") {
  scratch_directory dir;
  auto disk = std::make_shared<moody_disk>();
  auto options = options_in(dir);
  options.queue_bytes = 100'000;
  running_buffer buffer{options, disk};
  REQUIRE(!buffer.opened());
  disk->hang(true);
  auto ask = [&](std::size_t length) {
    auto x = reflection("Long?", "answer", .5);
    x.woven.response.assign(length, 'x');
    return x;
  };
  caf::scoped_actor self{buffer.system()};
  // One that need not wait may be longer than all that may wait.
  auto longest = self->request(buffer.handle(), caf::infinite, ask(1'000'000));
  REQUIRE(queued(buffer, 1));
  auto refused = buffer.ask<reflect_ack>(ask(10));
  REQUIRE(!refused);
  CHECK(is(refused.error(), errc::overloaded));
  CHECK_THAT(explain(refused.error()), Catch::Matchers::Contains("bytes"));
  record_request weave;
  weave.woven = ask(10).woven;
  CHECK(is(buffer.ask<record_ack>(weave).error(), errc::overloaded));
  disk->hang(false);
  auto stored = false;
  longest.receive([&](reflect_ack&) { stored = true; }, [](caf::error&) {});
  CHECK(stored);
  // Many that are short enough together are all taken.
  disk->hang(true);
  many clients{buffer};
  clients.ask(60);
  REQUIRE(queued(buffer, 60));
  disk->hang(false);
  clients.drain();
  CHECK(clients.stored == 60);
  CHECK(buffer.ask<reflect_ack>(ask(10)));
}
