#include "memory/sources.hpp"
#include "memory/temp_dir.hpp"

#include <hololoom/actors/memory/text/text.hpp>
#include <hololoom/messages/json/value.hpp>

#include <algorithm>
#include <ctime>
#include <fcntl.h>
#include <set>
#include <stop_token>
#include <sys/stat.h>

using namespace hololoom;
using namespace hololoom::test;

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

TEST_CASE("a shard names its source", "[memory]") {
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

TEST_CASE("shards have a suitable length, and no word is lost", "[memory]") {
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

TEST_CASE("splitting one line takes time in proportion to its length",
          "[memory]") {
  auto repeated = [](std::string_view part, std::size_t size) {
    std::string result;
    while (result.size() < size)
      result += part;
    return result;
  };
  // The processor's time, which no other process adds to.
  auto cost = [](const std::string& text) {
    auto now = [] {
      timespec x{};
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &x);
      return static_cast<double>(x.tv_sec)
           + static_cast<double>(x.tv_nsec) * 1e-9;
    };
    auto begin = now();
    split_text(text, "/x", {});
    return now() - begin;
  };
  auto part = GENERATE(as<std::string>{}, "QmFzZTY0", " ", "織機", "word ", "!",
                       ".", "\"", "end. ");
  INFO(part);
  auto line = [&](std::size_t size) {
    return "a" + repeated(part, size) + " b";
  };
  cost(line(1'000));
  auto once = cost(line(256 << 10));
  CHECK(cost(line(2 << 20)) < 24 * once + 0.02);
}

TEST_CASE("a split that is told to stop does so", "[memory]") {
  std::stop_source stop;
  stop.request_stop();
  reading_options options;
  options.stop = stop.get_token();
  CHECK(split_text(prose(1'000), "/x", {}, options).empty());
}
