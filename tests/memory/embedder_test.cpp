#include "support/catch.hpp"

#include <hololoom/actors/memory/index/embedder.hpp>

#include <cmath>

using namespace hololoom;

namespace {

double length(const std::vector<float>& v) {
  auto sum = 0.0;
  for (auto x : v)
    sum += static_cast<double>(x) * x;
  return std::sqrt(sum);
}

} // namespace

TEST_CASE("a vector has length 1 at every scale", "[memory]") {
  auto encoder = hashing_encoder();
  auto v = encoder->encode("Thompson sampling balances what is known and not");
  REQUIRE(v.size() == 384);
  CHECK(length(v) == Approx(1).margin(1e-5));
  for (std::size_t scale : {96, 192, 384}) {
    auto prefix = at_scale(v, scale);
    CHECK(prefix.size() == scale);
    CHECK(length(prefix) == Approx(1).margin(1e-5));
  }
  CHECK(at_scale(v, 9999).size() == 384);
}

TEST_CASE("a text without features has the vector 0", "[memory]") {
  auto encoder = hashing_encoder();
  auto v = encoder->encode("... !!! ???");
  CHECK(length(v) == 0);
  CHECK(length(at_scale(v, 96)) == 0);
  CHECK(similarity(v, v, 384) == 0);
}

TEST_CASE("texts that share words are more alike than others", "[memory]") {
  auto encoder = hashing_encoder();
  auto query = encoder->encode("lifecycle management of resources");
  auto near = encoder->encode("Managing the life cycle: resource lifecycles "
                              "are managed and resources released");
  auto far = encoder->encode("Thompson sampling draws from a beta posterior");
  for (std::size_t scale : {96, 192, 384})
    CHECK(similarity(query, near, scale) > similarity(query, far, scale) + .1);
}

TEST_CASE("a misspelt word still resembles itself", "[memory]") {
  auto encoder = hashing_encoder();
  auto right = encoder->encode("exploration");
  CHECK(similarity(right, encoder->encode("explorattion"), 384)
        > similarity(right, encoder->encode("management"), 384) + .1);
}

TEST_CASE("rare terms weigh more in a query", "[memory]") {
  auto encoder = hashing_encoder();
  auto text = encoder->encode("posterior");
  auto idf = [](std::string_view term) {
    return term == "posterior" ? 5.0 : 0.1;
  };
  CHECK(similarity(text, encoder->encode_query("common posterior", idf), 384)
        > similarity(text, encoder->encode("common posterior"), 384));
}

// Another process, another day: these must not change, or stored vectors and
// recorded scores would mean something else.
TEST_CASE("vectors are the same in every process", "[memory]") {
  auto v = hashing_encoder()->encode("What is Thompson Sampling?");
  auto first = 0.0;
  auto weighted = 0.0;
  std::size_t filled = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    filled += v[i] != 0 ? 1 : 0;
    first += std::abs(static_cast<double>(v[i]));
    weighted += static_cast<double>(v[i]) * static_cast<double>(i + 1);
  }
  CHECK(filled == 107);
  CHECK(first == Approx(6.79099164).epsilon(1e-5));
  CHECK(weighted == Approx(38.62474689).epsilon(1e-4));
}
