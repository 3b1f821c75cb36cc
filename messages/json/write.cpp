#include <hololoom/messages/json/value.hpp>
#include <hololoom/messages/json/write.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace hololoom {

namespace {

/// Whether a JSON string can hold `text` as it is.
bool is_plain(std::string_view text) {
  // Without an early exit, so that the compiler looks at many at once.
  auto special = false;
  for (char c : text) {
    auto u = static_cast<unsigned char>(c);
    special |= (u < 0x20) | (u >= 0x7f) | (u == '"') | (u == '\\');
  }
  return !special;
}

template <class T>
void append_digits(std::string& out, T x) {
  std::array<char, 32> buffer;
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x).ptr;
  out.append(buffer.data(), end);
}

/// The same text as `to_text(x)`.
void append_value(std::string& out, const json& x) {
  if (x.is_string())
    return append_json(out, x.get_ref<const std::string&>());
  if (!x.is_object() || x.empty()) {
    out += to_text(x);
    return;
  }
  auto separator = '{';
  for (const auto& [key, value] : x.items()) {
    out += std::exchange(separator, ',');
    append_json(out, key);
    out += ':';
    append_value(out, value);
  }
  out += '}';
}

} // namespace

void append_json(std::string& out, std::string_view text) {
  if (!is_plain(text)) {
    out += to_text(json(text));
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

void append_json(std::string& out, double x) {
  if (!std::isfinite(x)) {
    out += "null";
    return;
  }
  auto begin = out.size();
  append_digits(out, x);
  if (out.find_first_of(".e", begin) == std::string::npos)
    out += ".0";
}

void append_json(std::string& out, std::int64_t x) {
  append_digits(out, x);
}

void append_json(std::string& out, std::uint64_t x) {
  append_digits(out, x);
}

void append_json(std::string& out, const attributes& x) {
  append_value(out, x.values());
}

std::string pretty_json(const std::string& text) {
  return to_pretty_text(json::parse(text));
}

} // namespace hololoom
