#include "memory/temp_dir.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/memory/store/shard_store.hpp>
#include <hololoom/actors/storage/sqlite.hpp>
#include <hololoom/messages/json/value.hpp>

#include <csignal>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace hololoom;
using hololoom::test::bytes_of;
using hololoom::test::temp_dir;

namespace {

namespace fs = std::filesystem;

shard make(std::string id, std::string text, const std::string& source = {}) {
  shard x;
  x.id = std::move(id);
  x.text = std::move(text);
  if (!source.empty())
    x.metadata.set("source", source);
  return x;
}

std::unique_ptr<shard_store> open(const std::string& path,
                                  std::int64_t limit = 0) {
  auto store = open_shard_store(path, limit);
  REQUIRE(store);
  return std::move(*store);
}

std::vector<shard> all(shard_store& store) {
  std::vector<shard> result;
  REQUIRE_FALSE(store.for_each(2, [&](stored_rows rows) {
    auto xs = std::move(rows).decode();
    REQUIRE(xs);
    CHECK(xs->size() <= 2);
    for (auto& x : *xs)
      result.push_back(std::move(x));
  }));
  return result;
}

std::vector<std::string> ids(shard_store& store) {
  std::vector<std::string> result;
  for (const auto& x : all(store))
    result.push_back(x.id);
  return result;
}

remember_ack put(shard_store& store, remember_request request) {
  auto change = store.put(std::move(request));
  REQUIRE(change);
  return change->counts;
}

using names = std::vector<std::string>;

/// Runs `f` in a child process, and returns its result, the exit code.
template <class F>
int in_child(F f) {
  auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0)
    _exit(f());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Checks that opening `path` fails with `code` and does not change the file.
void check_refused(const std::string& path, errc code) {
  auto before = bytes_of(path);
  auto store = open_shard_store(path);
  REQUIRE_FALSE(store);
  CHECK(is(store.error(), code));
  CHECK(bytes_of(path) == before);
}

} // namespace

TEST_CASE("reopening a store returns the same shards", "[memory]") {
  temp_dir dir;
  auto x = make("ü/1", "Wärp\nand weft", "/a/file");
  x.episode = "docs";
  x.entities = {"Wärp", "Weft"};
  x.motifs = {"m"};
  x.metadata.set("offset", 42);
  {
    auto store = open(dir / "shards.db");
    CHECK(store->durable());
    CHECK(put(*store, {{x, make("2", "other")}, {}})
          == remember_ack{2, 0, 0, 0, 2});
  }
  auto store = open(dir / "shards.db");
  CHECK(store->size() == 2);
  CHECK(all(*store) == std::vector{x, make("2", "other")});
}

TEST_CASE("both stores count changes alike", "[memory]") {
  temp_dir dir;
  auto disk = open(dir / "shards.db");
  auto memory = make_volatile_store();
  CHECK_FALSE(memory->durable());
  for (auto* store : {disk.get(), memory.get()}) {
    CHECK(put(*store, {{make("a", "1", "/f"), make("b", "2", "/f"),
                        make("c", "3", "/g"), make("d", "4")},
                       {}})
          == remember_ack{4, 0, 0, 0, 4});
    // Again, word for word.
    CHECK(put(*store, {{make("a", "1", "/f"), make("d", "4")}, {}})
          == remember_ack{0, 0, 2, 0, 4});
    // Other text, other metadata.
    CHECK(put(*store, {{make("d", "5"), make("c", "3", "/f")}, {}})
          == remember_ack{0, 2, 0, 0, 4});
    // The file was read anew and has other shards now.
    CHECK(put(*store, {{make("a", "1", "/f"), make("e", "6", "/f")}, {"/f"}})
          == remember_ack{1, 0, 1, 2, 3});
    // The file says nothing any more; another is unknown.
    CHECK(put(*store, {{}, {"/f", "/unknown"}}) == remember_ack{0, 0, 0, 2, 1});
    // Of several shards with one id the last counts.
    CHECK(put(*store, {{make("z", "1"), make("z", "2")}, {}})
          == remember_ack{1, 0, 0, 0, 2});
  }
  CHECK(ids(*disk) == names{"d", "z"});
  CHECK(all(*disk).back().text == "2");
}

TEST_CASE("a change lists the written shards and the removed ids", "[memory]") {
  temp_dir dir;
  auto store = open(dir / "shards.db");
  put(*store, {{make("a", "1", "/f"), make("b", "2", "/f")}, {}});
  auto change =
    store->put({{make("a", "1", "/f"), make("c", "3", "/f")}, {"/f"}});
  REQUIRE(change);
  CHECK(change->written == std::vector{make("c", "3", "/f")});
  CHECK(change->removed == names{"b"});
}

TEST_CASE("shards are kept in the order in which they were written",
          "[memory]") {
  temp_dir dir;
  auto store = open(dir / "shards.db");
  put(*store, {{make("c", "1"), make("a", "2"), make("b", "3")}, {}});
  put(*store, {{make("c", "new")}, {}});
  CHECK(ids(*store) == names{"a", "b", "c"});
}

TEST_CASE("an invalid shard is refused, and nothing of its request is kept",
          "[memory]") {
  temp_dir dir;
  auto store = open(dir / "shards.db");
  auto memory = make_volatile_store();
  for (const auto& bad : {make("", "text"), make("id", ""), make("id", " \n"),
                          make("id", "bad \xFF"), make("bad\xFF", "text"),
                          make("id", std::string((1U << 20U) + 1, 'x'))}) {
    for (auto* x : {store.get(), memory.get()}) {
      auto change = x->put({{make("good", "text"), bad}, {}});
      REQUIRE_FALSE(change);
      CHECK(is(change.error(), errc::invalid_shard));
      CHECK(x->size() == 0);
    }
  }
}

TEST_CASE("a full disk is an error, and nothing of the request is kept",
          "[memory]") {
  temp_dir dir;
  auto store = open(dir / "shards.db", 128 << 10);
  put(*store, {{make("small", "fits")}, {}});
  remember_request large;
  for (int i = 0; i < 400; ++i)
    large.shards.push_back(make(std::to_string(i), std::string(1000, 'x')));
  auto change = store->put(large);
  REQUIRE_FALSE(change);
  CHECK(is(change.error(), errc::disk_full));
  CHECK(explain(change.error()).find("space") != std::string::npos);
  CHECK(store->size() == 1);
  CHECK(ids(*store) == names{"small"});
  // What still fits is taken.
  CHECK(put(*store, {{make("next", "fits too")}, {}}).total == 2);
}

TEST_CASE("a failed write is an error, and acknowledged shards stay",
          "[memory]") {
  temp_dir dir;
  auto path = dir / "shards.db";
  auto code = in_child([&] {
    auto store = open_shard_store(path);
    if (!store || !(*store)->put({{make("first", "kept")}, {}}))
      return 1;
    // Files may not grow past this, as on a disk that is full.
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{256 << 10, 256 << 10};
    setrlimit(RLIMIT_FSIZE, &limit);
    remember_request large;
    for (int i = 0; i < 2000; ++i)
      large.shards.push_back(make(std::to_string(i), std::string(1000, 'x')));
    auto change = (*store)->put(large);
    if (change)
      return 2;
    auto err = code_of(change.error());
    return err == errc::disk_full || err == errc::io_error ? 0 : 3;
  });
  CHECK(code == 0);
  CHECK(ids(*open(path)) == names{"first"});
}

TEST_CASE("a read-only directory is an error", "[memory]") {
  temp_dir dir;
  fs::create_directory(dir / "sealed");
  fs::permissions(dir.path(), fs::perms::all);
  fs::permissions(dir / "sealed", fs::perms::owner_read | fs::perms::owner_exec
                                    | fs::perms::others_read
                                    | fs::perms::others_exec);
  auto code = in_child([&] {
    if (geteuid() == 0 && setuid(65534) != 0)
      return 10;
    auto store = open_shard_store(dir / "sealed/shards.db");
    if (store)
      return 1;
    auto err = code_of(store.error());
    return err == errc::read_only || err == errc::io_error ? 0 : 2;
  });
  CHECK(code == 0);
}

TEST_CASE("a file that is not a database is not changed", "[memory]") {
  temp_dir dir;
  auto path = dir.write("shards.db", std::string(9000, 'n') + "ot a database");
  check_refused(path, errc::corrupt);
}

TEST_CASE("another program's database is not changed", "[memory]") {
  temp_dir dir;
  auto path = dir / "shards.db";
  {
    auto db = sqlite::database::open(path, "");
    REQUIRE(db);
    REQUIRE_FALSE(db->run("CREATE TABLE theirs(x)"));
  }
  check_refused(path, errc::corrupt);
}

TEST_CASE("a newer version's file is not changed", "[memory]") {
  temp_dir dir;
  auto path = dir / "shards.db";
  put(*open(path), {{make("a", "text")}, {}});
  {
    auto db = sqlite::database::open(path, "");
    REQUIRE(db);
    REQUIRE_FALSE(db->run("PRAGMA user_version=99"));
  }
  check_refused(path, errc::newer_schema);
}

TEST_CASE("reading detects damage and does not change the file", "[memory]") {
  temp_dir dir;
  auto path = dir / "shards.db";
  remember_request many;
  for (int i = 0; i < 300; ++i)
    many.shards.push_back(
      make("id" + std::to_string(i),
           "somewhere in the middle " + std::string(500, 'm')));
  put(*open(path), many);
  auto bytes = bytes_of(path);
  auto at = bytes.find("somewhere in the middle", bytes.size() / 2);
  REQUIRE(at != std::string::npos);
  bytes[at] = 'X';
  dir.write("shards.db", bytes);
  auto store = open(path);
  std::size_t broken = 0;
  REQUIRE_FALSE(store->for_each(100, [&](stored_rows rows) {
    auto shards = std::move(rows).decode();
    broken += !shards && is(shards.error(), errc::corrupt) ? 1 : 0;
  }));
  CHECK(broken == 1);
  store.reset();
  CHECK(bytes_of(path) == bytes);
}

TEST_CASE("an open store cannot be opened again", "[memory]") {
  temp_dir dir;
  auto path = dir / "shards.db";
  auto store = open(path);
  put(*store, {{make("a", "text")}, {}});
  auto second = open_shard_store(path);
  REQUIRE_FALSE(second);
  CHECK(is(second.error(), errc::data_dir_locked));
}

TEST_CASE("a closed store reports that it is closed, and leaves one file",
          "[memory]") {
  temp_dir dir;
  auto store = open(dir / "shards.db");
  put(*store, {{make("a", "text")}, {}});
  CHECK_FALSE(store->close());
  CHECK_FALSE(store->close());
  auto change = store->put({{make("b", "text")}, {}});
  REQUIRE_FALSE(change);
  CHECK(is(change.error(), errc::closed));
  CHECK(is(store->for_each(1, [](const stored_rows&) {}), errc::closed));
  CHECK_FALSE(fs::exists(dir / "shards.db-wal"));
}

TEST_CASE("acknowledged shards survive kill -9", "[memory]") {
  temp_dir dir;
  auto path = dir / "shards.db";
  auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto store = open_shard_store(path);
    for (int i = 0; store && i < 50; ++i)
      if (!(*store)->put({{make("id" + std::to_string(i), "text")}, {}}))
        _exit(1);
    raise(SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  CHECK(open(path)->size() == 50);
}
