#include "support/catch.hpp"

#include <hololoom/actors/shuttle/tools/expression.hpp>

#include <string>

using namespace hololoom;

namespace {

std::string found(std::string_view text) {
  return find_expression(text).value_or("none");
}

std::string value(std::string_view text) {
  auto expression = find_expression(text);
  if (!expression)
    return "none";
  auto result = evaluate(*expression);
  return result ? format_number(*result) : to_string(code_of(result.error()));
}

} // namespace

TEST_CASE("the expression in a question is found and evaluated") {
  CHECK(found("what is 12 * (3 + 4)") == "12 * (3 + 4)");
  CHECK(value("what is 12 * (3 + 4)") == "84");
  CHECK(value("what is 12 * (3 + 4)?") == "84");
  CHECK(value("Compute 2^10, please.") == "1024");
  CHECK(value("how much is sqrt(16) + 1?") == "5");
  CHECK(value("17 % 5") == "2");
  CHECK(value("-2^2") == "-4");
  CHECK(value("2 ** 3") == "8");
  CHECK(value("0.1 + 0.2") == "0.3");
  CHECK(value("2*pi") == "6.28318530718");
  CHECK(value("min(4, 2) + max(1,200)") == "202");
}

TEST_CASE("signs and words stand for operators") {
  CHECK(value("6 × 7") == "42");
  CHECK(value("6 x 7") == "42");
  CHECK(value("84 ÷ 2") == "42");
  CHECK(value("44 − 2") == "42");
  CHECK(value("40 plus 2") == "42");
  CHECK(value("84 divided by 2") == "42");
  CHECK(value("6 times 7") == "42");
  CHECK(value("2 to the power of 5") == "32");
  CHECK(value("9 squared") == "81");
  CHECK(value("10 mod 4") == "2");
}

TEST_CASE("a comma before three digits groups thousands") {
  CHECK(value("1,234,567 + 1") == "1234568");
  CHECK(found("1,23 + 1") == "23 + 1");
}

TEST_CASE("numbers and names alone are no expression") {
  for (auto text : {"chapter 7", "a - b", "e", "x * y", "version 1.2.3", "-5",
                    "", "what is love?", "10%", "2 +", "well - known"})
    CHECK(found(text) == "none");
}

TEST_CASE("an unfinished part is left out") {
  CHECK(found("what is (2 + 3") == "2 + 3");
  CHECK(found("2 + 3 +") == "2 + 3");
  CHECK(found("(2 + 3))") == "(2 + 3)");
}

TEST_CASE("the longest of several expressions counts") {
  CHECK(found("between 1+1 and 2*3*4") == "2*3*4");
}

TEST_CASE("a division by zero is an error wherever it hides") {
  for (auto text :
       {"1/0", "7 % 0", "5/(2-2)", "3/0*0", "1/(1/0)", "min(1/0, 1)", "0/0"})
    CHECK(value(text) == "invalid_expression");
}

TEST_CASE("a value that is not finite is an error") {
  for (auto text : {"sqrt(-1)", "ln(0)", "1e308*10", "log(-1) + 1", "10^400"})
    CHECK(value(text) == "invalid_expression");
}

TEST_CASE("an expression has a bounded length and depth") {
  std::string text = "1";
  while (text.size() <= max_expression_length)
    text += "+1";
  CHECK(value(text) == "invalid_expression");
  CHECK(found(std::string(10'000, '(')) == "none");
  std::string nested(10'000, '(');
  CHECK(value(nested + "1+1") == "2");
}

TEST_CASE("nothing but arithmetic can be evaluated") {
  for (auto text : {"a=5", "x", "1;2", "system(1)", "\"a\"", ""})
    CHECK(!evaluate(text));
}

TEST_CASE("a result is never minus zero") {
  CHECK(value("0 * -1") == "0");
}
