#include <hololoom/messages/json/value.hpp>
#include <hololoom/runtime/config_lines.hpp>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace hololoom {

namespace {

/// A place in a text, which counts the lines that a parser has read.
class counting_iterator {
public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  counting_iterator(const char* at, std::size_t* line) : at_(at), line_(line) {}

  reference operator*() const { return *at_; }
  counting_iterator& operator++() {
    if (line_ && *at_ == '\n')
      ++*line_;
    ++at_;
    return *this;
  }
  counting_iterator operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }
  bool operator==(const counting_iterator& x) const { return at_ == x.at_; }
  bool operator!=(const counting_iterator& x) const { return at_ != x.at_; }

private:
  const char* at_;
  std::size_t* line_;
};

/// Hears of each key when the parser has read it, and of nothing after it.
class key_listener : public nlohmann::json_sax<nlohmann::json> {
public:
  explicit key_listener(const std::size_t& line) : line_(line) {}

  std::map<std::string, std::size_t> lines;

  bool key(string_t& name) override {
    path_.back() = name;
    std::string all;
    for (const auto& x : path_)
      if (!x.empty())
        all += (all.empty() ? "" : ".") + x;
    lines.emplace(std::move(all), line_);
    return true;
  }
  bool start_object(std::size_t) override {
    path_.emplace_back();
    return true;
  }
  bool end_object() override {
    path_.pop_back();
    return true;
  }
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::json::exception&) override {
    return false;
  }

private:
  const std::size_t& line_;
  std::vector<std::string> path_;
};

} // namespace

std::map<std::string, std::size_t> lines_of_keys(std::string_view text) {
  std::size_t line = 1;
  key_listener listener{line};
  nlohmann::json::sax_parse(
    counting_iterator{text.data(), &line},
    counting_iterator{text.data() + text.size(), nullptr}, &listener,
    nlohmann::json::input_format_t::json, true, true);
  return std::move(listener.lines);
}

std::string line_and_column(std::string_view text, std::size_t byte) {
  auto before = text.substr(0, std::min(byte == 0 ? 0 : byte - 1, text.size()));
  auto line = std::count(before.begin(), before.end(), '\n') + 1;
  auto start = before.rfind('\n');
  auto column = before.size() - (start == before.npos ? 0 : start + 1) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

} // namespace hololoom
