#include <hololoom/runtime/cli/terminal/text_layout.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace hololoom::cli {

namespace {

bool begins_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

} // namespace

std::string grouped(std::int64_t count) {
  auto text = std::to_string(count);
  auto first = count < 0 ? 1U : 0U;
  for (auto i = text.size(); i > first + 3; i -= 3)
    text.insert(i - 3, 1, ',');
  return text;
}

std::string counted(std::int64_t count, std::string_view noun) {
  return grouped(count) + " " + std::string{noun} + (count == 1 ? "" : "s");
}

std::string fixed(double x, int digits) {
  std::array<char, 64> buffer{};
  auto size = std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, x);
  return {buffer.data(),
          std::min<std::size_t>(size < 0 ? 0U : static_cast<std::size_t>(size),
                                buffer.size() - 1)};
}

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array units{"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 999.95 && unit + 1 < units.size(); ++unit)
    value /= 1000;
  return fixed(value, unit == 0 || value >= 99.95 ? 0 : 1) + " " + units[unit];
}

std::string human_ms(double ms) {
  if (ms < 10)
    return fixed(ms, 1) + " ms";
  return ms < 1000 ? fixed(ms, 0) + " ms" : fixed(ms / 1000, 1) + " s";
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
    std::count_if(text.begin(), text.end(), begins_code_point));
}

std::string clipped(std::string_view text, std::size_t width) {
  std::string result;
  std::size_t used = 0;
  for (auto c : text) {
    if (begins_code_point(c) && ++used > width) {
      while (!result.empty() && !begins_code_point(result.back()))
        result.pop_back();
      if (!result.empty())
        result.pop_back();
      return result + "…";
    }
    result += c == '\n' || c == '\t' || c == '\r' ? ' ' : c;
  }
  return result;
}

std::string wrapped(std::string_view text, std::size_t width,
                    std::size_t indent) {
  if (width == 0)
    return std::string{text};
  std::string result;
  std::size_t column = 0;
  while (!text.empty()) {
    if (text.front() == '\n') {
      result += '\n';
      column = 0;
      text.remove_prefix(1);
      continue;
    }
    auto spaces = std::min(text.find_first_not_of(' '), text.size());
    auto end = std::min(text.find_first_of(" \n", spaces), text.size());
    auto word = text.substr(spaces, end - spaces);
    text.remove_prefix(end);
    if (column > indent && column + spaces + columns(word) > width) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
      spaces = 0;
    }
    result += std::string(spaces, ' ');
    result += word;
    column += spaces + columns(word);
  }
  return result;
}

std::string table(const std::vector<std::vector<std::string>>& rows,
                  bool numeric) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], columns(row[i]));
  }
  std::string result;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      auto padding = std::string(widths[i] - columns(row[i]), ' ');
      line += i == 0 ? "  " : "   ";
      line += i > 0 && numeric ? padding + row[i] : row[i] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + "\n";
  }
  return result;
}

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    auto control = (c < 0x20U && c != '\n' && c != '\t') || c == 0x7FU;
    // The second control range, U+0080 to U+009F, is C2 80 to C2 9F in UTF-8.
    auto second = c == 0xC2U && i + 1 < text.size()
               && static_cast<unsigned char>(text[i + 1]) < 0xA0U;
    if (second)
      ++i;
    else if (!control)
      result += text[i];
  }
  return result;
}

} // namespace hololoom::cli
