#include "memory/temp_dir.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/memory/reading/source_reader.hpp>
#include <hololoom/actors/memory/text/text.hpp>
#include <hololoom/messages/json/value.hpp>

#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <random>
#include <set>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace hololoom;
using hololoom::test::temp_dir;
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

/// Everything that is read from `paths`.
struct reading {
  std::vector<shard> shards;
  std::vector<std::string> sources;
  reading_report report;
};

reading read(const std::vector<std::string>& paths,
             const reading_options& options = {}) {
  reading result;
  auto report = read_sources(
    paths,
    [&](source_batch batch) {
      for (auto& x : batch.shards)
        result.shards.push_back(std::move(x));
      for (auto& x : batch.sources)
        result.sources.push_back(std::move(x));
      return caf::error{};
    },
    options);
  REQUIRE(report);
  result.report = *report;
  return result;
}

std::string prose(std::size_t sentences, unsigned seed = 1) {
  std::mt19937 random{seed};
  std::string result;
  for (std::size_t i = 0; i < sentences; ++i) {
    result += "Sentence " + std::to_string(i) + " has";
    for (auto n = random() % 12; n > 0; --n)
      result += " word" + std::to_string(random() % 50);
    result += random() % 6 == 0 ? ".\n\n" : ". ";
  }
  return result;
}

} // namespace

// -- what is text ---------------------------------------------------------------

TEST_CASE("text is told by content, not by name", "[memory]") {
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

TEST_CASE("a byte order mark is no text", "[memory]") {
  CHECK(*decode_text("\xEF\xBB\xBFhello") == "hello");
}

TEST_CASE("control characters are no text", "[memory]") {
  CHECK(decode_text("bold\b\bbold and \x1B[1mcolour\f"));
  CHECK_FALSE(decode_text("\1\2\3\4\5\6"));
}

// -- gzip -----------------------------------------------------------------------

TEST_CASE("gzip is read through, whatever the name", "[memory]") {
  temp_dir dir;
  dir.write("packed.txt", gzip("Packed words about sampling."));
  auto result = read({dir.path()});
  REQUIRE(result.shards.size() == 1);
  CHECK(result.shards[0].text == "Packed words about sampling.");
}

TEST_CASE("archives one after the other are one file", "[memory]") {
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

TEST_CASE("links are followed once and lead in no circle", "[memory]") {
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

TEST_CASE("what is no file is skipped without waiting", "[memory]") {
  temp_dir dir;
  REQUIRE(mkfifo((dir / "pipe").c_str(), 0600) == 0);
  auto file = dir.write("text", "Some words.");
  auto result = read({dir.path(), "/dev/null"});
  CHECK(result.sources == std::vector{file});
  REQUIRE(result.report.skipped.size() == 2);
  for (const auto& x : result.report.skipped)
    CHECK(x.code == errc::not_supported);
}

TEST_CASE("a path that is not there is reported, the rest is read",
          "[memory]") {
  temp_dir dir;
  auto file = dir.write("text", "Some words.");
  auto result = read({dir / "missing", file});
  CHECK(result.sources == std::vector{file});
  REQUIRE(result.report.skipped.size() == 1);
  CHECK(result.report.skipped[0].path == dir / "missing");
  CHECK(result.report.skipped[0].code == errc::not_found);
}

TEST_CASE("an unreadable file is reported, the rest is read", "[memory]") {
  temp_dir dir;
  fs::permissions(dir.path(), fs::perms::all);
  dir.write("good", "Some words.");
  auto bad = dir.write("secret", "Hidden words.");
  fs::permissions(bad, fs::perms::none);
  // Root may read anything, so the reading is done by somebody else.
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

TEST_CASE("an error of the one who takes ends the reading", "[memory]") {
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

// -- shards -----------------------------------------------------------------------

TEST_CASE("reading twice gives the same shards", "[memory]") {
  temp_dir dir;
  auto file = dir.write("text.md", "# Title\n\n" + prose(200));
  auto first = read({file}).shards;
  CHECK(first.size() > 5);
  CHECK(first == read({file}).shards);
  std::set<std::string> ids;
  for (const auto& x : first)
    ids.insert(x.id);
  CHECK(ids.size() == first.size());
}

TEST_CASE("a shard says where it is from", "[memory]") {
  temp_dir dir;
  auto text = "Intro here.\n\n# Licence Terms\n\n" + prose(30);
  auto file = dir.write("doc.md", text);
  timespec times[2]{{1'700'000'000, 0}, {1'700'000'000, 250'000'000}};
  REQUIRE(utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
  auto shards = read({file}).shards;
  REQUIRE(shards.size() > 1);
  for (const auto& x : shards) {
    CHECK(x.metadata.text("source") == file);
    CHECK(*x.episode == file);
    CHECK(x.metadata.text("time") == "2023-11-14T22:13:20.250000Z");
    auto offset = x.metadata.values().at("offset").get<std::size_t>();
    CHECK(text.substr(offset, x.text.size()) == x.text);
  }
  CHECK(shards.back().metadata.text("heading") == "Licence Terms");
  CHECK(shards[0].entities.front() == "Intro");
}

TEST_CASE("underlined titles are headings too", "[memory]") {
  auto shards =
    split_text("Title Here\n==========\n\nWords below it.\n", "/x", {});
  REQUIRE(shards.size() == 1);
  CHECK(shards[0].metadata.text("heading") == "Title Here");
}

TEST_CASE("a heading begins a shard", "[memory]") {
  auto text = "# One\n\n" + prose(8) + "\n\n## Two\n\n" + prose(8, 2);
  auto shards = split_text(text, "/x", {});
  REQUIRE(shards.size() >= 2);
  auto two = std::find_if(shards.begin(), shards.end(), [](const shard& x) {
    return x.text.starts_with("## Two");
  });
  REQUIRE(two != shards.end());
  CHECK(two->metadata.text("heading") == "Two");
  CHECK(std::prev(two)->metadata.text("heading") == "One");
}

TEST_CASE("shards are of a good length and lose no word", "[memory]") {
  for (unsigned seed = 1; seed < 30; ++seed) {
    auto text = prose(seed * 7, seed);
    if (seed % 3 == 0)
      text += std::string(3000, 'x') + "日本語" + std::string(2000, 'y');
    if (seed % 4 == 0)
      std::replace(text.begin(), text.end(), '.', ',');
    auto shards = split_text(text, "/x", {});
    std::string joined;
    for (const auto& x : shards) {
      CHECK(x.text.size() <= 1200);
      CHECK_FALSE(first_invalid_utf8(x.text));
      joined += x.text + ' ';
    }
    auto strip = [](std::string s) {
      std::erase_if(s, [](char c) { return c == ' ' || c == '\n'; });
      return s;
    };
    CHECK(strip(joined) == strip(text));
    auto of_good_length =
      std::count_if(shards.begin(), shards.end(),
                    [](const shard& x) { return x.text.size() >= 300; });
    CHECK(of_good_length + 2 >= static_cast<long>(shards.size()));
  }
}

TEST_CASE("text without words makes no shards", "[memory]") {
  CHECK(split_text("", "/x", {}).empty());
  CHECK(split_text("\n\n  \n-----\n*****\n", "/x", {}).empty());
}

TEST_CASE("even the smallest limit cuts between code points", "[memory]") {
  reading_options tiny;
  tiny.shard_bytes = 1;
  tiny.max_shard_bytes = 1;
  for (const auto& x :
       split_text("日本語日本語 naïve ßßßßßßßßßßßßß", "/x", {}, tiny))
    CHECK_FALSE(first_invalid_utf8(x.text));
}
