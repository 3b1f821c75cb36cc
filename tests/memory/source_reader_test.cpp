#include "memory/sources.hpp"
#include "memory/temp_dir.hpp"
#include "support/catch.hpp"

#include <zlib.h>

#include <algorithm>
#include <fcntl.h>
#include <stop_token>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::string_literals;

namespace {

namespace fs = std::filesystem;

std::string gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

} // namespace

// -- decoding text -------------------------------------------------------------

TEST_CASE("content, not the name, identifies text", "[memory]") {
  temp_dir dir;
  auto text = dir.write("picture.png", "This is text, whatever its name says.");
  auto binary = dir.write("notes.txt", "PNG\x89\0\0\1\2 not text"s);
  auto result = read({dir.path()});
  CHECK(result.sources == std::vector{text});
  REQUIRE(result.report.skipped.size() == 1);
  CHECK(result.report.skipped[0].path == binary);
  CHECK(result.report.skipped[0].code == errc::invalid_shard);
}

TEST_CASE("text that is not UTF-8 is reported with the offset", "[memory]") {
  temp_dir dir;
  auto good = dir.write("a.txt", "All of this is fine.");
  auto bad = dir.write("b.txt", "Good start, then \xC3( and more.");
  auto result = read({dir.path()});
  CHECK(result.sources == std::vector{good});
  REQUIRE(result.report.skipped.size() == 1);
  CHECK(result.report.skipped[0].path == bad);
  CHECK(result.report.skipped[0].code == errc::invalid_shard);
  CHECK(result.report.skipped[0].reason.find("byte 17") != std::string::npos);
}

TEST_CASE("plain Latin-1 is converted, broken UTF-8 is not", "[memory]") {
  CHECK(*decode_text("Andr\xE9 Caf\xE9, \xA9 2001") == "André Café, © 2001");
  CHECK_FALSE(decode_text("valid \xC3\xA9 then \xE9"));
  CHECK_FALSE(decode_text("odd \xFF\xFE bytes"));
  CHECK_FALSE(decode_text("stray \x80 byte"));
  CHECK_FALSE(decode_text("cut \xE2\x82"));
}

TEST_CASE("a byte order mark is not part of the text", "[memory]") {
  CHECK(*decode_text("\xEF\xBB\xBFhello") == "hello");
}

TEST_CASE("control characters are not text", "[memory]") {
  CHECK(decode_text("bold\b\bbold and \x1B[1mcolour\f"));
  CHECK_FALSE(decode_text("\1\2\3\4\5\6"));
}

// -- gzip -----------------------------------------------------------------------

TEST_CASE("gzip is decompressed, whatever the file's name", "[memory]") {
  temp_dir dir;
  dir.write("packed.txt", gzip("Packed words about sampling."));
  auto result = read({dir.path()});
  REQUIRE(result.shards.size() == 1);
  CHECK(result.shards[0].text == "Packed words about sampling.");
}

TEST_CASE("concatenated archives are one file", "[memory]") {
  CHECK(*inflate_gzip(gzip("one ") + gzip("two"), 100) == "one two");
  CHECK(*inflate_gzip(gzip("one") + "\0\0\0\0"s, 100) == "one");
}

TEST_CASE("a gzip bomb is stopped at the limit", "[memory]") {
  auto bomb = gzip(std::string(32U << 20U, 'a'));
  CHECK(bomb.size() < 64U << 10U);
  auto result = inflate_gzip(bomb, 1U << 20U);
  REQUIRE_FALSE(result);
  CHECK(is(result.error(), errc::not_supported));
  temp_dir dir;
  dir.write("bomb", bomb);
  reading_options options;
  options.max_file_bytes = 1U << 20U;
  auto report = read({dir.path()}, options).report;
  CHECK(report.files == 0);
  REQUIRE(report.skipped.size() == 1);
  CHECK(report.skipped[0].code == errc::not_supported);
}

TEST_CASE("damaged gzip is reported", "[memory]") {
  auto packed = gzip(prose(50));
  auto cut = inflate_gzip(std::string_view{packed}.substr(0, 60), 1U << 20U);
  REQUIRE_FALSE(cut);
  CHECK(is(cut.error(), errc::corrupt));
  auto damaged = packed;
  for (std::size_t i = 12; i < 40; ++i)
    damaged[i] = '\x55';
  auto broken = inflate_gzip(damaged, 1U << 20U);
  REQUIRE_FALSE(broken);
  CHECK(is(broken.error(), errc::corrupt));
}

// -- folders and files ------------------------------------------------------------

TEST_CASE("links are followed once and never in a cycle", "[memory]") {
  temp_dir dir;
  auto file = dir.write("a/file.txt", "Words to be read once.");
  fs::create_directory_symlink(dir.path(), dir / "a/up");
  fs::create_symlink(file, dir / "b.txt");
  fs::create_symlink(dir / "nowhere", dir / "broken");
  auto result = read({dir.path(), file, dir / "b.txt"});
  CHECK(result.sources == std::vector{file});
  REQUIRE(result.report.skipped.size() == 1);
  CHECK(result.report.skipped[0].path == dir / "broken");
  CHECK(result.report.skipped[0].code == errc::not_found);
}

TEST_CASE("pipes and devices are skipped without waiting", "[memory]") {
  temp_dir dir;
  REQUIRE(mkfifo((dir / "pipe").c_str(), 0600) == 0);
  auto file = dir.write("text", "Some words.");
  auto result = read({dir.path(), "/dev/null"});
  CHECK(result.sources == std::vector{file});
  REQUIRE(result.report.skipped.size() == 2);
  for (const auto& x : result.report.skipped)
    CHECK(x.code == errc::not_supported);
}

TEST_CASE("a missing path is reported, and the rest is read", "[memory]") {
  temp_dir dir;
  auto file = dir.write("text", "Some words.");
  auto result = read({dir / "missing", file});
  CHECK(result.sources == std::vector{file});
  REQUIRE(result.report.skipped.size() == 1);
  CHECK(result.report.skipped[0].path == dir / "missing");
  CHECK(result.report.skipped[0].code == errc::not_found);
}

TEST_CASE("an unreadable file is reported, and the rest is read", "[memory]") {
  temp_dir dir;
  fs::permissions(dir.path(), fs::perms::all);
  dir.write("good", "Some words.");
  auto bad = dir.write("secret", "Hidden words.");
  fs::permissions(bad, fs::perms::none);
  // Root may read anything, so another user reads, in a child process.
  auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (geteuid() == 0 && setuid(65534) != 0)
      _exit(10);
    std::size_t shards = 0;
    auto report = read_sources({dir.path()}, [&](const source_batch& x) {
      shards += x.shards.size();
      return caf::error{};
    });
    auto right = report && shards == 1 && report->skipped.size() == 1
              && report->skipped[0].path == bad
              && report->skipped[0].code == errc::read_only
              && report->skipped[0].reason.find("denied") != std::string::npos;
    _exit(right ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a file that is too large is reported", "[memory]") {
  temp_dir dir;
  dir.write("large", std::string(5000, 'x'));
  reading_options options;
  options.max_file_bytes = 4999;
  auto report = read({dir.path()}, options).report;
  REQUIRE(report.skipped.size() == 1);
  CHECK(report.skipped[0].code == errc::not_supported);
}

TEST_CASE("hidden files in folders are left out, unless named", "[memory]") {
  temp_dir dir;
  dir.write(".git/config", "Internal words.");
  auto hidden = dir.write(".notes", "Words.");
  CHECK(read({dir.path()}).sources.empty());
  CHECK(read({hidden}).sources == std::vector{hidden});
}

TEST_CASE("shards come in the order of paths, however many threads read",
          "[memory]") {
  temp_dir dir;
  for (int i = 0; i < 200; ++i)
    dir.write("f" + std::to_string(i),
              prose(1 + static_cast<unsigned>(i) % 40));
  reading_options one;
  one.threads = 1;
  one.batch_bytes = 4096;
  reading_options many;
  many.threads = 8;
  auto a = read({dir.path()}, one);
  auto b = read({dir.path()}, many);
  CHECK(a.sources.size() == 200);
  CHECK(std::is_sorted(a.sources.begin(), a.sources.end()));
  CHECK(a.sources == b.sources);
  CHECK(a.shards == b.shards);
}

TEST_CASE("progress grows to the total", "[memory]") {
  temp_dir dir;
  for (int i = 0; i < 20; ++i)
    dir.write("f" + std::to_string(i), prose(10));
  std::vector<reading_progress> seen;
  auto report = read_sources(
    {dir.path()}, [](const source_batch&) { return caf::error{}; }, {},
    [&](const reading_progress& x) { seen.push_back(x); });
  REQUIRE(report);
  REQUIRE(seen.size() == 20);
  CHECK(seen.back().files == 20);
  CHECK(seen.back().files_total == 20);
  CHECK(seen.back().bytes == seen.back().bytes_total);
  for (std::size_t i = 1; i < seen.size(); ++i)
    CHECK(seen[i].bytes > seen[i - 1].bytes);
}

TEST_CASE("an error from the sink ends the reading", "[memory]") {
  temp_dir dir;
  for (int i = 0; i < 100; ++i)
    dir.write("f" + std::to_string(i), prose(50));
  reading_options options;
  options.batch_bytes = 1;
  int taken = 0;
  auto report = read_sources(
    {dir.path()},
    [&](const source_batch&) {
      return ++taken == 3 ? failure(errc::disk_full, "full") : caf::error{};
    },
    options);
  REQUIRE_FALSE(report);
  CHECK(is(report.error(), errc::disk_full));
  CHECK(taken == 3);
}

TEST_CASE("a reading that is told to stop hands out no more", "[memory]") {
  temp_dir dir;
  for (int i = 0; i < 200; ++i)
    dir.write(std::to_string(i) + ".txt", "This is file " + std::to_string(i));
  std::stop_source stop;
  reading_options options;
  options.batch_bytes = 1;
  options.stop = stop.get_token();
  auto batches = 0;
  SECTION("before it begins") {
    stop.request_stop();
    auto report = read_sources(
      {dir.path()},
      [&](const source_batch&) { return ++batches, caf::error{}; }, options);
    REQUIRE_FALSE(report);
    CHECK(is(report.error(), errc::cancelled));
    CHECK(batches == 0);
  }
  SECTION("after a batch") {
    auto report = read_sources(
      {dir.path()},
      [&](const source_batch&) {
        stop.request_stop();
        return ++batches, caf::error{};
      },
      options);
    REQUIRE_FALSE(report);
    CHECK(is(report.error(), errc::cancelled));
    CHECK(batches == 1);
  }
}
