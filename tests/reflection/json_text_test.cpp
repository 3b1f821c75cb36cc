#include "support/catch.hpp"
#include "support/samples.hpp"

#include <hololoom/actors/reflection/learning/learned_state.hpp>
#include <hololoom/messages/json/write.hpp>

using namespace hololoom;

TEST_CASE("text written without a tree is the same JSON") {
  auto check = []<class T>(const T& x) {
    auto text = json_text(x);
    auto value = parse_json(text);
    REQUIRE(value);
    CHECK(text == to_text(to_json_value(x)));
    auto after = from_json_text<T>(text);
    REQUIRE(after);
    CHECK(*after == x);
  };
  check(test::sample<episode>());
  check(test::sample<learned_state>());
  check(test::sample<adjustment>());
  check(episode{});
  check(learned_state{});
}

TEST_CASE("numbers keep every bit") {
  tool_posterior x;
  for (auto i = 1; i < 1000; ++i) {
    x.alpha += 1.0 / i;
    x.beta = x.beta * 0.995 + 1e-9 * i;
    auto after = from_json_text<tool_posterior>(json_text(x));
    REQUIRE(after);
    REQUIRE(*after == x);
  }
}

TEST_CASE("text that is not UTF-8 still becomes JSON") {
  CHECK(parse_json(json_text(std::string{"a\xff\"b\n"})));
}
