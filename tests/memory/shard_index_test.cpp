#include "support/catch.hpp"

#include <hololoom/actors/memory/index/shard_index.hpp>
#include <hololoom/messages/json/value.hpp>

#include <algorithm>
#include <random>
#include <set>
#include <thread>

using namespace hololoom;
using namespace std::chrono_literals;

namespace {

shard make(std::string id, std::string text) {
  shard x;
  x.id = std::move(id);
  x.text = std::move(text);
  return x;
}

/// The shards of the demo.
std::vector<shard> demo() {
  auto shards = std::vector{
    make("shard_001", "Thompson Sampling is a Bayesian approach to the "
                      "multi-armed bandit problem."),
    make("shard_002", "Exploration tries new options, exploitation uses what "
                      "worked: a bandit balances both."),
    make("shard_003", "Lifecycle management makes sure that resources are "
                      "cleaned up when a scope ends.")};
  for (auto& x : shards)
    x.episode = "docs";
  return shards;
}

struct question : search_options {
  std::string text;
};

question ask(std::string text, std::size_t limit = 6) {
  question result;
  result.text = std::move(text);
  result.limit = limit;
  return result;
}

std::vector<scored> search(const shard_index& index, const question& x) {
  return index.search(index.view(x.text), x);
}

/// Ids, best first, with their scores.
std::vector<std::pair<std::string, double>> found(const shard_index& index,
                                                  const question& request) {
  std::vector<std::pair<std::string, double>> result;
  for (const auto& x : search(index, request))
    result.emplace_back(index.id(x.which), x.score);
  return result;
}

std::string best(const shard_index& index, const question& request) {
  auto hits = search(index, request);
  return hits.empty() ? "" : std::string{index.id(hits[0].which)};
}

/// Texts of words from a small vocabulary, so that many share terms.
std::vector<shard> random_shards(std::size_t count, unsigned seed,
                                 const std::string& prefix = "r") {
  std::mt19937 random{seed};
  std::vector<shard> result;
  for (std::size_t i = 0; i < count; ++i) {
    std::string text;
    for (auto n = 5 + random() % 40; n > 0; --n) {
      auto word = random() % (1 + random() % 400);
      text += "word" + std::to_string(word) + ' ';
    }
    result.push_back(make(prefix + std::to_string(i), text));
  }
  return result;
}

const std::vector<std::string> questions{
  "word1 word2 word3", "word7",           "word200 word300",
  "wrod12 word5",      "nothing of this", "word1 word1 word9"};

/// That two indexes answer alike.
void check_alike(const shard_index& x, const shard_index& y) {
  CHECK(x.size() == y.size());
  for (const auto& question : questions) {
    for (auto mode : {retrieval_mode::fast, retrieval_mode::fused}) {
      auto request = ask(question, 20);
      request.mode = mode;
      auto a = found(x, request);
      auto b = found(y, request);
      REQUIRE(a.size() == b.size());
      for (std::size_t i = 0; i < a.size(); ++i) {
        CHECK(a[i].first == b[i].first);
        CHECK(a[i].second == Approx(b[i].second).margin(1e-6));
      }
    }
  }
}

} // namespace

TEST_CASE("an empty memory finds nothing", "[memory]") {
  auto index = shard_index::empty();
  CHECK(index->size() == 0);
  CHECK(search(*index, ask("anything")).empty());
  CHECK(index->select_threads(index->view("anything"), {}, 10).empty());
  CHECK_FALSE(index->find("x"));
  CHECK(index->all().empty());
}

TEST_CASE("the demo's queries find the demo's shards", "[memory]") {
  auto index = shard_index::build(demo());
  for (auto mode : {retrieval_mode::fast, retrieval_mode::fused}) {
    auto request = ask("What is Thompson Sampling?");
    request.mode = mode;
    CHECK(best(*index, request) == "shard_001");
    request.text = "How does exploration work?";
    CHECK(best(*index, request) == "shard_002");
    request.text = "Explain lifecycle management";
    CHECK(best(*index, request) == "shard_003");
  }
}

TEST_CASE("scores are within 0 and 1 and fall", "[memory]") {
  auto index = shard_index::build(random_shards(100, 1));
  auto hits = search(*index, ask("word1 word2 word3", 50));
  REQUIRE(hits.size() == 50);
  for (std::size_t i = 0; i < hits.size(); ++i) {
    CHECK(hits[i].score >= 0);
    CHECK(hits[i].score <= 1);
    CHECK(hits[i].coverage >= 0);
    CHECK(hits[i].coverage <= 1);
    if (i > 0)
      CHECK(hits[i - 1].score >= hits[i].score);
  }
}

TEST_CASE("a shard alone scores a half", "[memory]") {
  auto index = shard_index::build({make("only", "Thompson sampling")});
  auto hits = search(*index, ask("Thompson"));
  REQUIRE(hits.size() == 1);
  CHECK(hits[0].score == Approx(.5));
  CHECK(hits[0].coverage == Approx(1));
}

TEST_CASE("coverage tells a hit from the least bad miss", "[memory]") {
  auto index = shard_index::build(demo());
  auto hits = search(*index, ask("zebra crossing"));
  REQUIRE(hits.size() == 3);
  for (const auto& x : hits) {
    CHECK(x.coverage == 0);
    CHECK(x.bm25 == 0);
  }
}

TEST_CASE("equal scores keep the order in which shards came", "[memory]") {
  std::vector<shard> twins;
  for (const auto* id : {"c", "a", "d", "b"})
    twins.push_back(make(id, "exactly the same words"));
  auto index = shard_index::build(twins);
  std::string order;
  for (const auto& x : search(*index, ask("same words")))
    order += index->id(x.which);
  CHECK(order == "cadb");
}

TEST_CASE("a shard comes out as it went in", "[memory]") {
  auto x = make("shard/ü", "Wärp & weft");
  x.episode = "docs";
  x.entities = {"Wärp"};
  x.motifs = {"m1", "m2"};
  x.metadata.set("time", "2026-11-23T15:54:08Z");
  x.metadata.set("n", 7);
  auto bare = make("bare", "text");
  auto index = shard_index::build({x, bare});
  CHECK(index->at(*index->find("shard/ü")) == x);
  CHECK(index->at(*index->find("bare")) == bare);
}

TEST_CASE("adding makes a new index and leaves the old one", "[memory]") {
  auto before = shard_index::build(demo());
  auto after = before->with({make("note", "The zebra note")});
  CHECK(before->size() == 3);
  CHECK_FALSE(before->find("note"));
  CHECK(after->size() == 4);
  CHECK(best(*after, ask("zebra")) == "note");
  CHECK(best(*before, ask("zebra")) != "note");
}

TEST_CASE("a shard stored again under its id replaces the old", "[memory]") {
  auto index =
    shard_index::build(demo())->with({make("shard_001", "Now about zebras")});
  CHECK(index->size() == 3);
  CHECK(index->at(*index->find("shard_001")).text == "Now about zebras");
  for (const auto& x : search(*index, ask("Thompson")))
    CHECK(x.bm25 == 0);
}

TEST_CASE("the last of several shards with one id counts", "[memory]") {
  auto index = shard_index::build(
    {make("a", "first"), make("b", "other"), make("a", "second")});
  CHECK(index->size() == 2);
  CHECK(index->at(*index->find("a")).text == "second");
}

TEST_CASE("what is removed is found no more", "[memory]") {
  std::vector<std::string> gone{"shard_002", "never there"};
  auto index = shard_index::build(demo())->with({}, gone);
  CHECK(index->size() == 2);
  CHECK_FALSE(index->find("shard_002"));
  CHECK(index->all().size() == 2);
  for (const auto& x : search(*index, ask("exploration bandit")))
    CHECK(index->id(x.which) != "shard_002");
}

TEST_CASE("an index grown step by step answers like one built at once",
          "[memory]") {
  auto shards = random_shards(600, 2);
  auto whole = shard_index::build(shards);
  auto grown = shard_index::empty();
  std::mt19937 random{3};
  for (std::size_t at = 0; at < shards.size();) {
    auto count = std::min<std::size_t>(1 + random() % 9, shards.size() - at);
    auto first = shards.begin() + static_cast<long>(at);
    grown = grown->with({first, first + static_cast<long>(count)});
    at += count;
  }
  check_alike(*whole, *grown);
}

TEST_CASE("indexes made side by side answer like one when joined", "[memory]") {
  auto shards = random_shards(400, 12);
  std::vector<shard_index_ptr> parts;
  for (auto at = shards.begin(); at != shards.end(); at += 80)
    parts.push_back(shard_index::build({at, at + 80}));
  check_alike(*shard_index::build(shards), *shard_index::join(parts));
}

TEST_CASE("an index after removals and replacements answers like a new one",
          "[memory]") {
  auto shards = random_shards(500, 4);
  auto index = shard_index::build(shards);
  std::mt19937 random{5};
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> gone;
    for (int i = 0; i < 5; ++i)
      gone.push_back("r" + std::to_string(random() % 500));
    auto added = random_shards(3, 100U + static_cast<unsigned>(round),
                               round % 2 == 0 ? "r" : "n");
    index = index->with(added, gone);
    auto is_in = [](const auto& ids, const shard& x) {
      return std::find(ids.begin(), ids.end(), x.id) != ids.end();
    };
    std::vector<std::string> replaced = gone;
    for (const auto& x : added)
      replaced.push_back(x.id);
    std::erase_if(shards, [&](const shard& x) { return is_in(replaced, x); });
    shards.insert(shards.end(), added.begin(), added.end());
  }
  CHECK(index->size() == shards.size());
  check_alike(*shard_index::build(shards), *index);
  std::vector<std::string> order;
  for (auto which : index->all())
    order.emplace_back(index->id(which));
  std::vector<std::string> expected;
  for (const auto& x : shards)
    expected.push_back(x.id);
  CHECK(order == expected);
}

TEST_CASE("a small cache of vectors changes no result", "[memory]") {
  auto shards = random_shards(200, 6);
  index_limits tight;
  tight.cached_vectors = 1;
  check_alike(*shard_index::build(shards),
              *shard_index::build(shards, hashing_encoder(), tight));
}

TEST_CASE("in a large memory the terms of the query decide who is looked at",
          "[memory]") {
  auto shards = random_shards(900, 7);
  shards.push_back(make("needle", "The one and only xylophone"));
  auto index = shard_index::build(shards);
  auto hits = search(*index, ask("xylophone", 900));
  REQUIRE(hits.size() >= 1);
  CHECK(index->id(hits[0].which) == "needle");
  index_limits few;
  few.candidates = 10;
  auto narrow = shard_index::build(shards, hashing_encoder(), few);
  CHECK(search(*narrow, ask("xylophone")).size() == 1);
  CHECK(search(*narrow, ask("word1")).size() == 6);
}

TEST_CASE("a misspelt term finds what is spelt almost so", "[memory]") {
  auto shards = random_shards(900, 8);
  shards.push_back(make("needle", "The one and only xylophone"));
  auto index = shard_index::build(shards);
  CHECK(best(*index, ask("xylopone")) == "needle");
  CHECK(best(*index, ask("xylohpone")) == "needle");
  CHECK(best(*index, ask("saxophone")) != "needle");
}

TEST_CASE("a search can be kept to some shards", "[memory]") {
  auto index = shard_index::build(demo());
  auto request = ask("What is Thompson Sampling?");
  request.among = {*index->find("shard_002"), *index->find("shard_003")};
  auto hits = search(*index, request);
  CHECK(hits.size() == 2);
  for (const auto& x : hits)
    CHECK(index->id(x.which) != "shard_001");
  request.among = std::vector<ordinal>{};
  CHECK(search(*index, request).empty());
  request.among = std::vector<ordinal>{4'000'000};
  CHECK(search(*index, request).empty());
}

TEST_CASE("fast looks at the smallest scale only", "[memory]") {
  auto index = shard_index::build(random_shards(50, 9));
  auto fast = ask("word1 word2", 50);
  fast.mode = retrieval_mode::fast;
  auto one = ask("word1 word2", 50);
  one.scales = {{96, 1}};
  CHECK(found(*index, fast) == found(*index, one));
}

TEST_CASE("weights are relative to each other", "[memory]") {
  auto index = shard_index::build(random_shards(50, 10));
  auto x = ask("word1 word2", 50);
  auto y = x;
  for (auto& scale : y.scales)
    scale.weight *= 10;
  auto a = found(*index, x);
  auto b = found(*index, y);
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    CHECK(a[i].second == Approx(b[i].second));
}

TEST_CASE("a request without scales or limit is answered", "[memory]") {
  auto index = shard_index::build(demo());
  auto request = ask("Thompson", 0);
  CHECK(search(*index, request).empty());
  request.limit = 3;
  request.scales.clear();
  CHECK(search(*index, request).size() == 3);
  CHECK(best(*index, request) == "shard_001");
}

TEST_CASE("any bytes may be asked for", "[memory]") {
  auto index = shard_index::build(demo());
  for (const auto* text : {"", " ", "\xFF\xFE", "?!", "日本語", "the of and"})
    CHECK(search(*index, ask(text)).size() == 3);
}

TEST_CASE("threads are taken from the window", "[memory]") {
  auto now = *parse_iso8601("2026-11-23T12:00:00Z");
  auto aged = [&](std::string id, std::chrono::hours age) {
    auto x = make(std::move(id), "bandit text");
    x.metadata.set("time", to_iso8601(now - age));
    return x;
  };
  auto other = aged("other episode", 1h);
  other.episode = "else";
  auto index = shard_index::build({aged("old", 50h), aged("middle", 20h),
                                   aged("new", 1h), make("timeless", "bandit"),
                                   aged("future", -1h), other});
  temporal_window window{now - 24h * 30, now, 30h, .5};
  auto ids = [&](const std::vector<scored>& hits) {
    std::set<std::string> result;
    for (const auto& x : hits)
      result.emplace(index->id(x.which));
    return result;
  };
  CHECK(ids(index->select_threads(index->view("bandit"), window, 10))
        == std::set<std::string>{"middle", "new", "timeless", "other episode"});
  window.episode = "else";
  CHECK(ids(index->select_threads(index->view("bandit"), window, 10))
        == std::set<std::string>{"other episode"});
}

TEST_CASE("of two equal threads the younger comes first", "[memory]") {
  auto now = *parse_iso8601("2026-11-23T12:00:00Z");
  std::vector<shard> shards;
  for (auto age : {9h, 2h, 6h}) {
    auto x = make(std::to_string(age.count()), "bandit text");
    x.metadata.set("time", to_iso8601(now - age));
    shards.push_back(x);
  }
  auto index = shard_index::build(shards);
  temporal_window window{now - 10h, now, 10h, .8};
  auto hits = index->select_threads(index->view("bandit"), window, 2);
  REQUIRE(hits.size() == 2);
  CHECK(index->id(hits[0].which) == "2");
  CHECK(index->id(hits[1].which) == "6");
}

TEST_CASE("an index can be searched by many threads", "[memory]") {
  index_limits tight;
  tight.cached_vectors = 64;
  auto index =
    shard_index::build(random_shards(300, 11), hashing_encoder(), tight);
  auto expected = found(*index, ask("word1 word2 word3", 20));
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (auto& count : wrong)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i)
        count +=
          found(*index, ask("word1 word2 word3", 20)) == expected ? 0 : 1;
    });
  for (auto& x : threads)
    x.join();
  CHECK(wrong == std::vector<int>(4, 0));
}
