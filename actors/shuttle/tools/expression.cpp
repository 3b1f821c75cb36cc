#include <hololoom/actors/shuttle/tools/expression.hpp>
#include <hololoom/actors/shuttle/tools/expression_pieces.hpp>

#include <muParser.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

namespace hololoom {

namespace {

using detail::piece;
using detail::piece_kind;

/// Parses one expression from a list of pieces by the grammar
/// sum = unit { op unit }, unit = {sign} (number | name | call | "(" sum ")")
/// and keeps the end of the last complete one.
class grammar {
public:
  grammar(const std::vector<piece>& pieces, std::size_t begin)
    : pieces_(pieces), at_(begin) {}

  /// @returns the end of the expression; `begin` if there is none.
  std::size_t read() {
    auto begin = at_;
    return sum(0) ? at_ : begin;
  }

  /// Operators and calls in it.
  int weight() const { return weight_; }

private:
  static constexpr int most_nested = 64;

  bool is(piece_kind kind) const {
    return at_ < pieces_.size() && pieces_[at_].kind == kind;
  }

  bool is_op(std::string_view text) const {
    return is(piece_kind::op) && pieces_[at_].text == text;
  }

  bool sum(int depth) {
    if (depth > most_nested || !unit(depth))
      return false;
    while (is(piece_kind::op)) {
      auto before = at_;
      auto weight_before = weight_;
      ++weight_;
      // "squared" brings its own operand.
      auto complete = pieces_[at_].text.size() == 2;
      ++at_;
      if (!complete && !unit(depth)) {
        at_ = before;
        weight_ = weight_before;
        break;
      }
    }
    return true;
  }

  bool unit(int depth) {
    while (is_op("-") || is_op("+"))
      ++at_;
    if (is(piece_kind::number) || is(piece_kind::name)) {
      ++at_;
      return true;
    }
    if (is(piece_kind::function)) {
      ++at_;
      ++weight_;
      return arguments(depth);
    }
    return is(piece_kind::open) && arguments(depth);
  }

  bool arguments(int depth) {
    if (!is(piece_kind::open))
      return false;
    do {
      ++at_;
      if (!sum(depth + 1))
        return false;
    } while (is(piece_kind::comma));
    if (!is(piece_kind::close))
      return false;
    ++at_;
    return true;
  }

  const std::vector<piece>& pieces_;
  std::size_t at_;
  int weight_ = 0;
};

std::string join(const std::vector<piece>& pieces, std::size_t begin,
                 std::size_t end) {
  std::string result;
  for (auto i = begin; i < end; ++i) {
    if (i > begin && pieces[i].spaced)
      result += ' ';
    result += pieces[i].text;
  }
  return result;
}

// Thrown, not returned as NaN: min(1/0, 1) and 1/(1/0) would hide it.
double remainder_of(double a, double b) {
  if (b == 0)
    throw mu::ParserError("it divides by zero");
  return std::fmod(a, b);
}

double quotient_of(double a, double b) {
  if (b == 0)
    throw mu::ParserError("it divides by zero");
  return a / b;
}

caf::error invalid(const std::string& expression, const std::string& why) {
  return failure(errc::invalid_expression,
                 "cannot evaluate \"" + expression + "\": " + why);
}

} // namespace

std::optional<std::string> find_expression(std::string_view text) {
  auto pieces = detail::cut_into_pieces(text);
  std::optional<std::pair<std::size_t, std::size_t>> best;
  for (std::size_t begin = 0; begin < pieces.size();) {
    grammar g{pieces, begin};
    auto end = g.read();
    if (end > begin && g.weight() > 0
        && (!best || end - begin > best->second - best->first))
      best = {begin, end};
    begin = std::max(end, begin + 1);
  }
  if (!best)
    return std::nullopt;
  return join(pieces, best->first, best->second);
}

caf::expected<double> evaluate(const std::string& expression) {
  if (expression.size() > max_expression_length)
    return invalid(expression.substr(0, 40) + "...",
                   "it is longer than " + std::to_string(max_expression_length)
                     + " characters");
  try {
    mu::Parser parser;
    parser.DefineOprtChars("%+-*^/?<>=!$&|~'_");
    parser.DefineOprt("%", remainder_of, mu::prMUL_DIV, mu::oaLEFT, true);
    parser.DefineFun("floor", [](double x) { return std::floor(x); });
    parser.DefineFun("ceil", [](double x) { return std::ceil(x); });
    parser.DefineFun("round", [](double x) { return std::round(x); });
    // muParser's own division cannot be replaced; ours gets another sign.
    parser.DefineOprt("|", quotient_of, mu::prMUL_DIV, mu::oaLEFT, true);
    auto text = expression;
    std::replace(text.begin(), text.end(), '/', '|');
    parser.SetExpr(text);
    auto value = parser.Eval();
    if (!std::isfinite(value))
      return invalid(expression, "it has no finite real value");
    return value == 0 ? 0.0 : value; // no "-0"
  } catch (const mu::Parser::exception_type& e) {
    return invalid(expression, e.GetMsg());
  }
}

std::string format_number(double x) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.12g", x);
  return buffer.data();
}

} // namespace hololoom
