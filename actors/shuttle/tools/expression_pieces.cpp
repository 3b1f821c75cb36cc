#include <hololoom/actors/memory/text/text.hpp>
#include <hololoom/actors/shuttle/tools/expression_pieces.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace hololoom::detail {

namespace {

constexpr std::array functions{
  std::string_view{"sqrt"},  std::string_view{"abs"},
  std::string_view{"sin"},   std::string_view{"cos"},
  std::string_view{"tan"},   std::string_view{"asin"},
  std::string_view{"acos"},  std::string_view{"atan"},
  std::string_view{"sinh"},  std::string_view{"cosh"},
  std::string_view{"tanh"},  std::string_view{"exp"},
  std::string_view{"ln"},    std::string_view{"log2"},
  std::string_view{"log10"}, std::string_view{"log"},
  std::string_view{"min"},   std::string_view{"max"},
  std::string_view{"round"}, std::string_view{"floor"},
  std::string_view{"ceil"}};

struct spelling {
  std::string_view said;
  std::string_view meant;
};

/// Words that stand for operators; the longest first.
constexpr std::array spoken{spelling{"to the power of", "^"},
                            spelling{"multiplied by", "*"},
                            spelling{"divided by", "/"},
                            spelling{"squared", "^2"},
                            spelling{"modulo", "%"},
                            spelling{"minus", "-"},
                            spelling{"times", "*"},
                            spelling{"cubed", "^3"},
                            spelling{"plus", "+"},
                            spelling{"over", "/"},
                            spelling{"mod", "%"}};

constexpr std::array signs{spelling{"×", "*"}, spelling{"·", "*"},
                           spelling{"÷", "/"}, spelling{"−", "-"},
                           spelling{"**", "^"}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
      || static_cast<unsigned char>(c) >= 0x80;
}

/// Splits a query into pieces.
class reader {
public:
  explicit reader(std::string_view text) : text_(text) {}

  std::vector<piece> read() {
    std::vector<piece> result;
    while (skip_space()) {
      result.push_back(next());
      if (result.back().kind == piece_kind::open)
        calls_.push_back(result.size() > 1
                         && result[result.size() - 2].kind
                              == piece_kind::function);
      else if (result.back().kind == piece_kind::close && !calls_.empty())
        calls_.pop_back();
    }
    return result;
  }

private:
  bool skip_space() {
    spaced_ = false;
    while (at_ < text_.size()
           && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n'
               || text_[at_] == '\r')) {
      ++at_;
      spaced_ = true;
    }
    return at_ < text_.size();
  }

  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  /// Whether a comma and exactly three digits follow at `i`.
  bool is_group(std::size_t i) const {
    return peek(i) == ',' && is_digit(peek(i + 1)) && is_digit(peek(i + 2))
        && is_digit(peek(i + 3)) && !is_digit(peek(i + 4));
  }

  piece make(piece_kind kind, std::string text, std::size_t length) {
    at_ += length;
    return {kind, std::move(text), spaced_};
  }

  piece next() {
    auto rest = text_.substr(at_);
    for (const auto& sign : signs)
      if (rest.substr(0, sign.said.size()) == sign.said)
        return make(piece_kind::op, std::string{sign.meant}, sign.said.size());
    if (is_digit(peek()) || (peek() == '.' && is_digit(peek(1))))
      return number();
    if (is_letter(peek()))
      return word();
    switch (peek()) {
      case '+':
      case '-':
      case '*':
      case '/':
      case '^':
      case '%': return make(piece_kind::op, std::string{peek()}, 1);
      case '(': return make(piece_kind::open, "(", 1);
      case ')': return make(piece_kind::close, ")", 1);
      case ',': return make(piece_kind::comma, ",", 1);
      default: return make(piece_kind::other, std::string{peek()}, 1);
    }
  }

  /// Digits, a fraction, an exponent; "1,000" is a thousand.
  piece number() {
    std::string text;
    std::size_t i = 0;
    auto digits = [&] {
      while (is_digit(peek(i)))
        text += peek(i++);
    };
    digits();
    // Not among the arguments of a function: max(1,200) is 200.
    auto grouped =
      i >= 1 && i <= 3 && std::count(calls_.begin(), calls_.end(), true) == 0;
    while (grouped && is_group(i)) {
      ++i;
      digits();
    }
    if (peek(i) == '.' && is_digit(peek(i + 1))) {
      text += peek(i++);
      digits();
    }
    auto sign = peek(i + 1) == '+' || peek(i + 1) == '-';
    if ((peek(i) == 'e' || peek(i) == 'E')
        && is_digit(peek(sign ? i + 2 : i + 1))) {
      text += peek(i++);
      if (sign)
        text += peek(i++);
      digits();
    }
    return make(piece_kind::number, text.front() == '.' ? "0" + text : text, i);
  }

  piece word() {
    auto rest = lower_ascii(text_.substr(at_, 32));
    for (const auto& x : spoken)
      if (rest.compare(0, x.said.size(), x.said) == 0
          && (x.said.size() >= rest.size() || !is_letter(rest[x.said.size()])))
        return make(piece_kind::op, std::string{x.meant}, x.said.size());
    std::size_t i = 0;
    while (is_letter(peek(i)) || is_digit(peek(i)))
      ++i;
    auto name = lower_ascii(text_.substr(at_, i));
    if (std::find(functions.begin(), functions.end(), name) != functions.end())
      return make(piece_kind::function, name, i);
    // "12 x 3": a lone x between numbers is a sign.
    if (name == "x")
      return make(piece_kind::op, "*", i);
    if (name == "pi" || name == "e")
      return make(piece_kind::name, name == "pi" ? "_pi" : "_e", i);
    return make(piece_kind::other, name, i);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool spaced_ = false;
  /// For each open parenthesis, whether it belongs to a function.
  std::vector<bool> calls_;
};

} // namespace

std::vector<piece> cut_into_pieces(std::string_view text) {
  return reader{text}.read();
}

} // namespace hololoom::detail
