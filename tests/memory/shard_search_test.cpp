#include "memory/indexes.hpp"
#include "support/catch.hpp"

#include <hololoom/messages/json/value.hpp>

#include <set>
#include <thread>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

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

TEST_CASE("scores are in 0..1, best first", "[memory]") {
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

TEST_CASE("a single shard scores one half", "[memory]") {
  auto index = shard_index::build({make("only", "Thompson sampling")});
  auto hits = search(*index, ask("Thompson"));
  REQUIRE(hits.size() == 1);
  CHECK(hits[0].score == Approx(.5));
  CHECK(hits[0].coverage == Approx(1));
}

TEST_CASE("coverage distinguishes a hit from the best miss", "[memory]") {
  auto index = shard_index::build(demo());
  auto hits = search(*index, ask("zebra crossing"));
  REQUIRE(hits.size() == 3);
  for (const auto& x : hits) {
    CHECK(x.coverage == 0);
    CHECK(x.bm25 == 0);
  }
}

TEST_CASE("shards with equal scores keep their order", "[memory]") {
  std::vector<shard> twins;
  for (const auto* id : {"c", "a", "d", "b"})
    twins.push_back(make(id, "exactly the same words"));
  auto index = shard_index::build(twins);
  std::string order;
  for (const auto& x : search(*index, ask("same words")))
    order += index->id(x.which);
  CHECK(order == "cadb");
}

TEST_CASE("in a large memory the query's terms select the candidates",
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

TEST_CASE("a misspelt term finds the word with the closest spelling",
          "[memory]") {
  auto shards = random_shards(900, 8);
  shards.push_back(make("needle", "The one and only xylophone"));
  auto index = shard_index::build(shards);
  CHECK(best(*index, ask("xylopone")) == "needle");
  CHECK(best(*index, ask("xylohpone")) == "needle");
  CHECK(best(*index, ask("saxophone")) != "needle");
}

TEST_CASE("a search can be limited to some shards", "[memory]") {
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

TEST_CASE("fast retrieval uses the smallest scale only", "[memory]") {
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

TEST_CASE("a query may contain any bytes", "[memory]") {
  auto index = shard_index::build(demo());
  for (const auto* text : {"", " ", "\xFF\xFE", "?!", "日本語", "the of and"})
    CHECK(search(*index, ask(text)).size() == 3);
}

TEST_CASE("threads come from the window", "[memory]") {
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

TEST_CASE("many threads can search an index at once", "[memory]") {
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
