#include "support/catch.hpp"

#include <hololoom/actors/memory/index/bm25.hpp>

using namespace hololoom;

namespace {

const std::vector<bm25_okapi::document> corpus{
  {"a", "b", "c"}, {"a", "b", "d", "d"}, {"e", "f"}};

} // namespace

TEST_CASE("BM25 floors what would be negative", "[memory]") {
  bm25_okapi ranking{corpus};
  CHECK(ranking.idf("a") == Approx(.042569).margin(1e-6));
  CHECK(ranking.idf("b") == Approx(.042569).margin(1e-6));
  for (const auto* term : {"c", "d", "e", "f"})
    CHECK(ranking.idf(term) == Approx(.510826).margin(1e-6));
  CHECK(ranking.idf("nowhere") == 0);
}

TEST_CASE("BM25 scores as Okapi does", "[memory]") {
  bm25_okapi ranking{corpus};
  std::vector<std::string> query{"a", "d"};
  auto scores = ranking.scores(query);
  REQUIRE(scores.size() == 3);
  CHECK(scores[0] == Approx(.042569).margin(1e-6));
  CHECK(scores[1] == Approx(.696146).margin(1e-6));
  CHECK(scores[2] == 0);
}

TEST_CASE("BM25 counts a repeated query term repeatedly", "[memory]") {
  bm25_okapi ranking{corpus};
  std::vector<std::string> once{"d"};
  std::vector<std::string> thrice{"d", "d", "d"};
  CHECK(ranking.scores(thrice)[1] == Approx(3 * ranking.scores(once)[1]));
}

TEST_CASE("BM25 over nothing finds nothing", "[memory]") {
  bm25_okapi nothing{{}};
  std::vector<std::string> query{"a"};
  CHECK(nothing.scores(query).empty());
  bm25_okapi blank{{{}, {}}};
  CHECK(blank.scores(query) == std::vector<double>{0, 0});
}

TEST_CASE("normalised scores are relative", "[memory]") {
  std::vector<double> scores{.1, .4, .7};
  auto result = normalise(scores);
  REQUIRE(result.size() == 3);
  CHECK(result[0] == Approx(.22710).margin(1e-5));
  CHECK(result[1] == Approx(.5).margin(1e-5));
  CHECK(result[2] == Approx(.77290).margin(1e-5));
  std::vector<double> alone{42};
  CHECK(normalise(alone) == std::vector<double>{.5});
  CHECK(normalise({}).empty());
}
