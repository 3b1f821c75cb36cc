#include "memory/indexes.hpp"
#include "support/catch.hpp"

#include <hololoom/messages/json/value.hpp>

#include <algorithm>

using namespace hololoom;
using namespace hololoom::test;

namespace {

const std::vector<std::string> questions{
  "word1 word2 word3", "word7",           "word200 word300",
  "wrod12 word5",      "nothing of this", "word1 word1 word9"};

/// Checks that two indexes answer alike.
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

TEST_CASE("the index returns a shard as it was added", "[memory]") {
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

TEST_CASE("adding makes a new index and does not change the old one",
          "[memory]") {
  auto before = shard_index::build(demo());
  auto after = before->with({make("note", "The zebra note")});
  CHECK(before->size() == 3);
  CHECK_FALSE(before->find("note"));
  CHECK(after->size() == 4);
  CHECK(best(*after, ask("zebra")) == "note");
  CHECK(best(*before, ask("zebra")) != "note");
}

TEST_CASE("a new shard replaces the old one with the same id", "[memory]") {
  auto index =
    shard_index::build(demo())->with({make("shard_001", "Now about zebras")});
  CHECK(index->size() == 3);
  CHECK(index->at(*index->find("shard_001")).text == "Now about zebras");
  for (const auto& x : search(*index, ask("Thompson")))
    CHECK(x.bm25 == 0);
}

TEST_CASE("the last of several shards with the same id counts", "[memory]") {
  auto index = shard_index::build(
    {make("a", "first"), make("b", "other"), make("a", "second")});
  CHECK(index->size() == 2);
  CHECK(index->at(*index->find("a")).text == "second");
}

TEST_CASE("a removed shard is no longer found", "[memory]") {
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

TEST_CASE("joined indexes answer like one built at once", "[memory]") {
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
