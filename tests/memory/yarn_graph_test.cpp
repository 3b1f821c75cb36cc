#include "memory/indexes.hpp"
#include "memory/temp_dir.hpp"
#include "support/actor_fixture.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/memory/reading/source_reader.hpp>
#include <hololoom/actors/memory/store/shard_store.hpp>
#include <hololoom/actors/memory/yarn_graph.hpp>
#include <hololoom/messages/caf/actor_system.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <chrono>
#include <thread>

using namespace hololoom;
using hololoom::test::actor_fixture;
using hololoom::test::make;
using hololoom::test::temp_dir;

namespace {

namespace fs = std::filesystem;

memory_options at(const std::string& path) {
  memory_options result;
  result.path = path;
  return result;
}

struct yarn_fixture : actor_fixture {
  local_yarn_actor start(const memory_options& options = {}) {
    auto yarn = track(spawn_yarn_graph(system, options, false));
    run();
    return yarn;
  }

  void stop(const local_yarn_actor& yarn) {
    exit_high(yarn, caf::exit_reason::user_shutdown);
    run();
  }
};

/// A system with real threads.
struct real_system {
  real_system() {
    register_types(config);
    be_quiet(config);
    system = std::make_unique<caf::actor_system>(config);
  }
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
};

/// Reads `path` into a memory.
/// @returns the number of files, and the summed acknowledgements.
caf::expected<std::pair<std::uint64_t, remember_ack>>
load(caf::actor_system& system, const yarn_actor& yarn,
     const std::string& path) {
  caf::scoped_actor self{system};
  remember_ack sum;
  reading_options options;
  options.batch_bytes = 200;
  auto keep = [&](source_batch batch) {
    caf::error result;
    self
      ->request(
        yarn, caf::infinite,
        remember_request{std::move(batch.shards), std::move(batch.sources)})
      .receive(
        [&](const remember_ack& x) {
          sum = {sum.added + x.added, sum.replaced + x.replaced,
                 sum.unchanged + x.unchanged, sum.removed + x.removed, x.total};
        },
        [&](caf::error& err) { result = std::move(err); });
    return result;
  };
  auto report = read_sources({path}, keep, options);
  if (!report)
    return std::move(report.error());
  return std::pair{report->files, sum};
}

} // namespace

TEST_CASE_METHOD(yarn_fixture, "a remembered shard can be recalled",
                 "[memory][actor]") {
  auto yarn = start();
  auto ack = ask<remember_ack>(
    yarn,
    remember_request{
      {make("a", "Thompson sampling"), make("b", "lifecycle management")}, {}});
  REQUIRE(ack);
  CHECK(*ack == remember_ack{2, 0, 0, 0, 2});
  auto found = ask<recall_result>(yarn, recall_request{"lifecycle", 1});
  REQUIRE(found);
  REQUIRE(found->hits.size() == 1);
  CHECK(found->hits[0].found == make("b", "lifecycle management"));
}

TEST_CASE_METHOD(yarn_fixture, "the snapshot holds all acknowledged shards",
                 "[memory][actor]") {
  auto yarn = start();
  auto before = ask<index_snapshot>(yarn, snapshot_query{});
  REQUIRE(before);
  CHECK(before->index->size() == 0);
  REQUIRE(ask<remember_ack>(yarn, remember_request{{make("a", "text")}, {}}));
  auto after = ask<index_snapshot>(yarn, snapshot_query{});
  REQUIRE(after);
  CHECK(after->index->find("a"));
  CHECK(before->index->size() == 0);
}

TEST_CASE_METHOD(yarn_fixture, "memory survives a restart", "[memory][actor]") {
  temp_dir dir;
  auto first = start(at(dir / "shards.db"));
  REQUIRE(
    ask<remember_ack>(first, remember_request{{make("a", "zebra text")}, {}}));
  stop(first);
  CHECK_FALSE(fs::exists(dir / "shards.db-wal"));
  auto second = start(at(dir / "shards.db"));
  auto status = ask<yarn_status>(second, yarn_status_query{});
  REQUIRE(status);
  CHECK(*status == yarn_status{1, false, "", true});
  auto found = ask<recall_result>(second, recall_request{"zebra", 6});
  REQUIRE(found);
  CHECK(found->hits.size() == 1);
}

TEST_CASE_METHOD(yarn_fixture,
                 "a damaged shard ends the actor, and the file does not change",
                 "[memory][actor]") {
  temp_dir dir;
  auto first = start(at(dir / "shards.db"));
  REQUIRE(
    ask<remember_ack>(first, remember_request{{make("a", "zebra text")}, {}}));
  stop(first);
  auto bytes = hololoom::test::bytes_of(dir / "shards.db");
  bytes[bytes.find("zebra text")] = 'Z';
  dir.write("shards.db", bytes);
  auto second = track(spawn_yarn_graph(system, at(dir / "shards.db"), false));
  CHECK_FALSE(begin_ask<yarn_status>(second, yarn_status_query{}).get());
  CHECK(hololoom::test::bytes_of(dir / "shards.db") == bytes);
}

TEST_CASE_METHOD(yarn_fixture, "memory without a path is not durable",
                 "[memory][actor]") {
  auto status = ask<yarn_status>(start(), yarn_status_query{});
  REQUIRE(status);
  CHECK_FALSE(status->durable);
}

TEST_CASE_METHOD(yarn_fixture, "remembering again changes nothing",
                 "[memory][actor]") {
  auto yarn = start();
  remember_request request{{make("a", "text"), make("b", "more")}, {}};
  REQUIRE(ask<remember_ack>(yarn, request));
  auto before = ask<index_snapshot>(yarn, snapshot_query{});
  CHECK(*ask<remember_ack>(yarn, request) == remember_ack{0, 0, 2, 0, 2});
  auto after = ask<index_snapshot>(yarn, snapshot_query{});
  CHECK(before->index == after->index);
}

TEST_CASE_METHOD(yarn_fixture, "an invalid shard is refused",
                 "[memory][actor]") {
  auto yarn = start();
  auto ack = ask<remember_ack>(
    yarn, remember_request{{make("good", "text"), make("bad", "")}, {}});
  REQUIRE_FALSE(ack);
  CHECK(is(ack.error(), errc::invalid_shard));
  auto status = ask<yarn_status>(yarn, yarn_status_query{});
  CHECK(status->shards == 0);
  CHECK_FALSE(status->degraded);
}

TEST_CASE_METHOD(yarn_fixture, "a full memory refuses further shards",
                 "[memory][actor]") {
  memory_options options;
  options.max_shards = 2;
  auto yarn = start(options);
  REQUIRE(ask<remember_ack>(
    yarn, remember_request{{make("a", "1"), make("b", "2")}, {}}));
  auto ack = ask<remember_ack>(yarn, remember_request{{make("c", "3")}, {}});
  REQUIRE_FALSE(ack);
  CHECK(is(ack.error(), errc::overloaded));
  CHECK(ask<remember_ack>(yarn, remember_request{{make("a", "other")}, {}}));
}

TEST_CASE_METHOD(yarn_fixture, "a store that cannot be opened ends the actor",
                 "[memory][actor]") {
  temp_dir dir;
  auto path = dir.write("shards.db", std::string(5000, 'n'));
  auto yarn = track(spawn_yarn_graph(system, at(path), false));
  auto status = begin_ask<yarn_status>(yarn, yarn_status_query{});
  REQUIRE(status.ready());
  CHECK_FALSE(status.get());
}

TEST_CASE_METHOD(yarn_fixture, "the yarn graph exits with the store's error",
                 "[memory][actor]") {
  temp_dir dir;
  auto path = dir.write("shards.db", std::string(5000, 'n'));
  auto yarn = track(spawn_yarn_graph(system, at(path), false));
  caf::error reason;
  auto watcher = system.spawn([&](caf::event_based_actor* self) {
    self->monitor(yarn);
    self->set_down_handler([&, self](const caf::down_msg& x) {
      reason = x.reason;
      self->quit();
    });
    return caf::behavior{[](int) {
    }};
  });
  track(watcher);
  run();
  CHECK(is(reason, errc::corrupt));
}

TEST_CASE_METHOD(yarn_fixture,
                 "an exit while the store opens answers every request",
                 "[memory][actor]") {
  temp_dir dir;
  auto yarn = track(spawn_yarn_graph(system, at(dir / "shards.db"), false));
  // Nothing has run yet: the exit overtakes all of them.
  exit_high(yarn, caf::exit_reason::user_shutdown);
  auto ack =
    begin_ask<remember_ack>(yarn, remember_request{{make("a", "text")}, {}});
  auto status = begin_ask<yarn_status>(yarn, yarn_status_query{});
  CHECK(ack.ready());
  CHECK(status.ready());
}

TEST_CASE_METHOD(yarn_fixture, "the keeper of a killed yarn graph exits",
                 "[memory][actor]") {
  temp_dir dir;
  auto before = system.registry().running();
  auto yarn = start(at(dir / "shards.db"));
  exit_high(yarn, caf::exit_reason::kill);
  run();
  CHECK(system.registry().running() == before);
}

TEST_CASE("files are remembered on real threads, and again without a change",
          "[memory][actor]") {
  temp_dir dir;
  auto zebra = dir.write("src/zebra.md", "# Zebra\n\nA zebra has stripes.\n");
  for (int i = 0; i < 40; ++i)
    dir.write("src/f" + std::to_string(i),
              "File number " + std::to_string(i) + " talks about topics.");
  real_system real;
  auto yarn = spawn_yarn_graph(*real.system, at(dir / "shards.db"));
  auto first = load(*real.system, yarn, dir / "src");
  REQUIRE(first);
  CHECK(first->first == 41);
  CHECK(first->second == remember_ack{41, 0, 0, 0, 41});
  auto again = load(*real.system, yarn, dir / "src");
  REQUIRE(again);
  CHECK(again->second == remember_ack{0, 0, 41, 0, 41});
  // A file that changed is replaced, not kept beside itself.
  dir.write("src/zebra.md", "# Zebra\n\nA zebra has stripes and hooves.\n");
  auto changed = load(*real.system, yarn, zebra);
  REQUIRE(changed);
  CHECK(changed->second == remember_ack{1, 0, 0, 1, 41});
  {
    caf::scoped_actor self{*real.system};
    recall_result found;
    self->request(yarn, caf::infinite, recall_request{"zebra stripes", 6})
      .receive([&](recall_result& x) { found = std::move(x); },
               [](const caf::error&) {});
    REQUIRE_FALSE(found.hits.empty());
    CHECK(found.hits[0].found.text.find("hooves") != std::string::npos);
    exit_high(yarn, caf::exit_reason::user_shutdown);
    self->wait_for(yarn);
  }
  CHECK_FALSE(fs::exists(dir / "shards.db-wal"));
}

TEST_CASE("remembering in a memory that has exited is an error",
          "[memory][actor]") {
  temp_dir dir;
  dir.write("a", "Some words.");
  real_system real;
  auto yarn = spawn_yarn_graph(*real.system, {});
  exit_high(yarn, caf::exit_reason::user_shutdown);
  CHECK_FALSE(load(*real.system, yarn, dir.path()));
}

TEST_CASE("an exit ends a remember that takes long, and keeps nothing of it",
          "[memory][actor]") {
  temp_dir dir;
  auto file = dir / "shards.db";
  real_system real;
  auto yarn = spawn_yarn_graph(*real.system, at(file));
  caf::scoped_actor self{*real.system};
  remember_request request;
  for (int i = 0; i < 60'000; ++i)
    request.shards.push_back(
      make("id" + std::to_string(i),
           std::string(900, static_cast<char>('a' + i % 26))));
  auto answer = self->request(yarn, caf::infinite, std::move(request));
  // The keeper has begun to write; that has no event.
  std::error_code ec;
  while (!fs::exists(file + "-wal", ec)
         || fs::file_size(file + "-wal", ec) < 1'000'000)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  exit_high(yarn, caf::exit_reason::user_shutdown);
  answer.receive(
    [](const remember_ack&) { CHECK(false); },
    [](const caf::error& err) { CHECK(is(err, errc::shutting_down)); });
  self->wait_for(yarn);
  auto store = open_shard_store(file);
  REQUIRE(store);
  CHECK((*store)->size() == 0);
}
