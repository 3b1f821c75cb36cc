// How JSON text becomes a tree: strictly, so that what is stored is what was
// written.

#include <hololoom/messages/json/value.hpp>

#include <unordered_set>
#include <vector>

namespace hololoom {

namespace {

/// Deeper text is refused: writing, comparing and destroying a tree take a
/// stack frame a level.
constexpr std::size_t deepest = 512;

/// Objects with more keys than this have an index of them.
constexpr std::size_t few_keys = 16;

/// Builds a tree, and refuses what a tree cannot hold as it is written.
class builder : public nlohmann::json_sax<json> {
public:
  /// Why the text was refused although it is JSON; empty if it was not.
  const std::string& refusal() const { return refusal_; }

  /// Where the text stops being JSON, counted from 1.
  std::size_t byte() const { return byte_; }

  /// Whether the failure was behind a whole value.
  bool complete() const { return open_.empty() && has_root_; }

  json take() { return std::move(root_); }

  bool null() override { return put(nullptr); }
  bool boolean(bool x) override { return put(x); }
  bool number_integer(std::int64_t x) override { return put(x); }
  bool number_unsigned(std::uint64_t x) override { return put(x); }

  bool number_float(double x, const std::string& text) override {
    if (text.find_first_of(".eE") == std::string::npos)
      return refuse("the whole number " + text
                    + " is beyond 64 bits; write it as text");
    auto digits = text.substr(0, text.find_first_of("eE"));
    if (x == 0 && digits.find_first_of("123456789") != std::string::npos)
      return refuse("the number " + text
                    + " is too small for a floating point number; write it "
                      "as text");
    return put(x);
  }

  bool string(std::string& x) override { return put(std::move(x)); }
  bool binary(json::binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(json::object()); }

  bool key(std::string& x) override {
    auto& top = open_.back();
    auto& members = top.value->get_ref<json::object_t&>();
    auto known = false;
    if (members.size() < few_keys) {
      known = top.value->contains(x);
    } else {
      if (top.keys.empty())
        for (const auto& [name, ignored] : members)
          top.keys.insert(name);
      known = !top.keys.insert(x).second;
    }
    if (known)
      return refuse("the key \"" + x + "\" is twice in one object");
    // Not `operator[]`, which looks at all keys again.
    members.emplace_back(std::move(x), nullptr);
    return true;
  }

  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t byte, const std::string& token,
                   const nlohmann::detail::exception& e) override {
    constexpr auto number_overflow = 406;
    if (e.id == number_overflow)
      return refuse("the number " + token
                    + " is too large for a floating point number; write it "
                      "as text");
    byte_ = byte;
    return false;
  }

private:
  struct level {
    json* value;
    /// The keys of an object that has many.
    std::unordered_set<std::string> keys = {};
  };

  bool refuse(std::string why) {
    refusal_ = std::move(why);
    return false;
  }

  /// @returns where it went. No container changes while one in it is open, so
  ///          that the addresses hold.
  json* place(json&& x) {
    if (open_.empty()) {
      has_root_ = true;
      root_ = std::move(x);
      return &root_;
    }
    auto& top = *open_.back().value;
    if (top.is_array())
      return &top.get_ref<json::array_t&>().emplace_back(std::move(x));
    return &(top.get_ref<json::object_t&>().back().second = std::move(x));
  }

  bool put(json x) {
    place(std::move(x));
    return true;
  }

  bool open(json x) {
    if (open_.size() == deepest)
      return refuse("it is nested deeper than " + std::to_string(deepest)
                    + " levels");
    open_.push_back({place(std::move(x))});
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  json root_;
  bool has_root_ = false;
  std::vector<level> open_;
  std::string refusal_;
  std::size_t byte_ = 0;
};

/// What text that is not JSON looks like, as the end of a sentence; or nothing.
std::string guess(std::string_view text, const builder& parsed) {
  using namespace std::string_view_literals;
  auto start = text.substr(0, 4);
  if (start.starts_with("\xff\xfe") || start.starts_with("\xfe\xff")
      || start.find('\0') != std::string_view::npos)
    return ": it looks like UTF-16 or UTF-32; convert it to UTF-8";
  auto at = parsed.byte() - 1;
  if (at >= text.size())
    return {};
  auto before = text.find_last_not_of(" \t\r\n", at == 0 ? 0 : at - 1);
  auto after_comma = at > 0 && before < at && text[before] == ',';
  switch (text[at]) {
    case '/':
    case '#': return ": it looks like a comment, which JSON lacks";
    case '}':
    case ']':
      return after_comma ? ": there is a comma before the closing bracket" : "";
    case ',': return parsed.complete() ? ": a comma follows the value" : "";
    case '\'': return ": JSON has double quotes";
    default: return {};
  }
}

} // namespace

caf::expected<json> parse_json(std::string_view text) {
  builder result;
  if (json::sax_parse(text, &result))
    return result.take();
  if (!result.refusal().empty())
    return failure(errc::invalid_json, result.refusal());
  auto size = std::to_string(text.size());
  if (result.byte() > text.size())
    return failure(errc::invalid_json,
                   "JSON that ends too early, after " + size + " bytes");
  return failure(errc::invalid_json, "not JSON at byte "
                                       + std::to_string(result.byte()) + " of "
                                       + size + guess(text, result));
}

} // namespace hololoom
