#include "support/catch.hpp"

#include <hololoom/actors/shuttle/weave/features/motifs.hpp>
#include <hololoom/actors/shuttle/weave/features/spectral.hpp>
#include <hololoom/actors/shuttle/weave/features/warp.hpp>
#include <hololoom/messages/json/value.hpp>

#include <cmath>
#include <numeric>

using namespace hololoom;

namespace {

std::vector<std::string> patterns(std::string_view text) {
  std::vector<std::string> result;
  for (const auto& m : find_motifs(text, true))
    result.push_back(m.pattern);
  return result;
}

} // namespace

TEST_CASE("keyword motifs are whole words in any case") {
  auto found =
    find_motifs("The Algorithm of Thompson sampling, algorithms", false);
  REQUIRE(found.size() == 3);
  CHECK(found[0].pattern == "algorithm");
  CHECK(found[0].span == text_span{4, 13});
  CHECK(found[0].score == 0.9);
  CHECK(found[1].pattern == "thompson");
  CHECK(found[2].pattern == "sampling");
}

TEST_CASE("keyword motifs come in the order of the list, then of position") {
  auto found = find_motifs("sampling question sampling", false);
  REQUIRE(found.size() == 3);
  CHECK(found[0].pattern == "question");
  CHECK(found[1].span.start == 0);
  CHECK(found[2].span.start == 18);
}

TEST_CASE("spans count code points, not bytes") {
  auto found = find_motifs("Käse für die Prüfung: compute", false);
  REQUIRE(found.size() == 1);
  CHECK(found[0].span == text_span{22, 29});
}

TEST_CASE("a letter beside a keyword makes it another word") {
  CHECK(find_motifs("écompute computeß", false).empty());
}

TEST_CASE("structural motifs show figures of speech") {
  using list = std::vector<std::string>;
  CHECK(patterns("It fails because it is late") == list{"cause→effect"});
  CHECK(patterns("This leads to trouble") == list{"cause→effect"});
  CHECK(patterns("good, but slow") == list{"contrast"});
  CHECK(patterns("if it rains, then stay") == list{"condition→consequence"});
  CHECK(patterns("in order to win") == list{"goal→constraint"});
  CHECK(patterns("What now") == list{"question→answer"});
  CHECK(patterns("Do you know what?") == list{"question→answer"});
  CHECK(patterns("I know what").empty());
}

TEST_CASE("structural motifs are found only on request") {
  CHECK(find_motifs("because of what?", false).empty());
}

TEST_CASE("the Laplacian of the path a-b-c has the eigenvalues 0, 1 and 3") {
  entity_graph graph;
  graph.connect("a", "b");
  graph.connect("b", "c");
  auto values = symmetric_eigenvalues(graph.laplacian());
  REQUIRE(values.size() == 3);
  CHECK(values[0] == Approx(0).margin(1e-12));
  CHECK(values[1] == Approx(1));
  CHECK(values[2] == Approx(3));
  CHECK(summarise_spectrum(graph, {}).fiedler == Approx(1));
}

TEST_CASE("two nodes have a Fiedler value of twice their weight") {
  entity_graph graph;
  graph.connect("a", "b", 1.5);
  CHECK(summarise_spectrum(graph, {}).fiedler == Approx(3));
}

TEST_CASE("parallel edges add up and loops count for nothing") {
  entity_graph graph;
  graph.connect("a", "b");
  graph.connect("b", "a");
  graph.connect("a", "a");
  CHECK(graph.laplacian()(0, 0) == 2);
}

TEST_CASE("a graph that is not connected has no coherence of its own") {
  entity_graph graph;
  graph.connect("a", "b");
  graph.connect("c", "d");
  auto spectrum = summarise_spectrum(graph, {});
  CHECK(spectrum.fiedler == Approx(0).margin(1e-12));
  CHECK(spectrum.coherence == Approx(0).margin(1e-12));
}

TEST_CASE("an empty graph and no texts are all zeros") {
  auto spectrum = summarise_spectrum({}, {});
  CHECK(spectrum.eigenvalues == std::vector<double>{0, 0, 0, 0});
  CHECK(spectrum.topics == std::vector<double>{0, 0});
  CHECK(spectrum.topic_var == 0);
  CHECK(!spectrum.incomplete);
}

TEST_CASE("singular values of orthogonal rows are their lengths") {
  auto values = singular_values({{3, 0, 0}, {0, 4, 0}, {0, 0, 0}});
  REQUIRE(values.size() == 3);
  CHECK(values[0] == Approx(4));
  CHECK(values[1] == Approx(3));
  CHECK(values[2] == Approx(0).margin(1e-9));
}

TEST_CASE("a long computation stops on request") {
  entity_graph graph;
  for (auto i = 0; i < 30; ++i)
    graph.connect(std::to_string(i), std::to_string((i * 7 + 1) % 30));
  auto spectrum = summarise_spectrum(graph, {}, [] { return true; });
  CHECK(spectrum.incomplete);
  CHECK(spectrum.fiedler == 0);
}

TEST_CASE("the eigenvalues of a larger matrix sum to its trace") {
  entity_graph graph;
  for (auto i = 0; i < 48; ++i)
    graph.connect(std::to_string(i), std::to_string((i * 5 + 3) % 48), 0.5 + i);
  auto m = graph.laplacian();
  double trace = 0;
  for (std::size_t i = 0; i < m.size(); ++i)
    trace += m(i, i);
  auto values = symmetric_eigenvalues(m);
  CHECK(std::accumulate(values.begin(), values.end(), 0.0) == Approx(trace));
  CHECK(values.front() == Approx(0).margin(1e-6));
}

TEST_CASE("attention goes to the thread that is like the query") {
  warp_space warp;
  warp.tension({{"a", 1, {1, 0}}, {"b", 1, {0, 1}}});
  auto attention = warp.attention({1, 0});
  REQUIRE(attention.size() == 2);
  CHECK(attention[0] > 0.99);
  CHECK(attention[0] + attention[1] == Approx(1));
  CHECK(entropy(attention) < 0.01);
}

TEST_CASE("a slack thread gets less attention") {
  warp_space warp;
  warp.tension({{"a", 0.2, {1, 0}}, {"b", 0.8, {1, 0}}});
  auto attention = warp.attention({1, 0});
  CHECK(attention[0] == Approx(0.2));
  CHECK(attention[1] == Approx(0.8));
}

TEST_CASE("a warp describes its field and releases all threads") {
  warp_space warp;
  CHECK(warp.attention({1, 0}).empty());
  warp.tension({{"a", 1, {3, 0}}, {"b", 0.5, {0, 4}}});
  auto stats = warp.statistics();
  CHECK(stats.values()["shape"] == json::array({2, 2}));
  CHECK(stats.values()["norm"].get<double>() == Approx(5));
  CHECK(stats.values()["mean"].get<double>() == Approx(7.0 / 4));
  CHECK(stats.values()["mean_activation"].get<double>() == Approx(0.75));
  CHECK(warp.collapse() == 2);
  CHECK(warp.size() == 0);
}

TEST_CASE("entropy") {
  CHECK(entropy({}) == 0);
  CHECK(entropy({1, 0}) == 0);
  CHECK(entropy({.5, .5}) == Approx(std::log(2)));
}
