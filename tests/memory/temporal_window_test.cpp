#include "support/catch.hpp"

#include <hololoom/actors/memory/index/temporal_window.hpp>

using namespace hololoom;
using namespace std::chrono_literals;

namespace {

timestamp at(std::chrono::microseconds t) {
  return timestamp{std::chrono::hours{24 * 20'000} + t};
}

} // namespace

TEST_CASE("a window contains both of its ends", "[memory]") {
  temporal_window window{at(0h), at(10h)};
  CHECK(window.contains(at(0h)));
  CHECK(window.contains(at(10h)));
  CHECK_FALSE(window.contains(at(-1us)));
  CHECK_FALSE(window.contains(at(10h + 1us)));
}

TEST_CASE("half the window back, a bias of a half costs a quarter",
          "[memory]") {
  temporal_window window{at(0h), at(10h)};
  CHECK(window.recency_weight(at(5h)) == Approx(.75));
  CHECK(window.recency_weight(at(10h)) == Approx(1));
  CHECK(window.recency_weight(at(0h)) == Approx(.5));
}

TEST_CASE(
  "a time outside the window weighs 0, and one in a window without length 1",
  "[memory]") {
  temporal_window window{at(0h), at(10h)};
  CHECK(window.recency_weight(at(11h)) == 0);
  CHECK(window.recency_weight(at(-1h)) == 0);
  temporal_window moment{at(3h), at(3h)};
  CHECK(moment.recency_weight(at(3h)) == 1);
}

TEST_CASE("a recency weight stays within 0 and 1", "[memory]") {
  temporal_window window{at(0h), at(10h)};
  window.recency_bias = 3;
  CHECK(window.recency_weight(at(0h)) == 0);
  window.recency_bias = -3;
  CHECK(window.recency_weight(at(0h)) == 1);
}

TEST_CASE("age is measured back from the end", "[memory]") {
  temporal_window window{at(-1000h), at(0h), 24h};
  CHECK(window.young_enough(at(-24h)));
  CHECK_FALSE(window.young_enough(at(-24h - 1us)));
}
