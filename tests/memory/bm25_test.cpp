#include "memory/indexes.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/memory/index/shard_search.hpp>

#include <map>

using namespace hololoom;
using hololoom::test::make;

namespace {

/// Three shards of 3, 4 and 2 terms.
shard_index_ptr corpus() {
  return shard_index::build({make("0", "ash birch cedar"),
                             make("1", "ash birch daisy daisy"),
                             make("2", "elm fern")});
}

/// BM25 by shard id.
std::map<std::string, double> scores(const shard_index& index,
                                     std::string_view text) {
  std::map<std::string, double> result;
  for (const auto& x : index.search(index.view(text)))
    result[std::string{index.id(x.which)}] = x.bm25;
  return result;
}

} // namespace

TEST_CASE("a term is rarer the fewer shards have it, and never below 0",
          "[memory]") {
  auto index = corpus();
  auto rarity = index->view("ash cedar zebra").rarity;
  CHECK(rarity["ash"] == Approx(.470004).margin(1e-6));
  CHECK(rarity["cedar"] == Approx(.980829).margin(1e-6));
  CHECK(rarity["zebra"] == Approx(2.079442).margin(1e-6));
  CHECK(shard_index::build({make("0", "ash")})->view("ash").rarity["ash"] > 0);
}

TEST_CASE("BM25 scores as Okapi does", "[memory]") {
  auto found = scores(*corpus(), "ash daisy");
  REQUIRE(found.size() == 3);
  CHECK(found["0"] == Approx(.470004).margin(1e-6));
  CHECK(found["1"] == Approx(1.674285).margin(1e-6));
  CHECK(found["2"] == 0);
}

TEST_CASE("BM25 counts a repeated query term repeatedly", "[memory]") {
  auto index = corpus();
  auto once = scores(*index, "daisy");
  CHECK(scores(*index, "daisy daisy daisy")["1"] == Approx(3 * once["1"]));
}

TEST_CASE("BM25 over nothing finds nothing", "[memory]") {
  CHECK(scores(*shard_index::empty(), "ash").empty());
  auto blank = shard_index::build({make("0", "..."), make("1", "!!!")});
  for (const auto& [id, score] : scores(*blank, "ash"))
    CHECK(score == 0);
}

TEST_CASE("normalised scores are relative", "[memory]") {
  std::vector<double> scores{.1, .4, .7};
  auto result = detail::normalise(scores);
  REQUIRE(result.size() == 3);
  CHECK(result[0] == Approx(.22710).margin(1e-5));
  CHECK(result[1] == Approx(.5).margin(1e-5));
  CHECK(result[2] == Approx(.77290).margin(1e-5));
  std::vector<double> alone{42};
  CHECK(detail::normalise(alone) == std::vector<double>{.5});
  CHECK(detail::normalise({}).empty());
}
