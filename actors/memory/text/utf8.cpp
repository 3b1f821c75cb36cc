#include <hololoom/actors/memory/text/utf8.hpp>

namespace hololoom::detail {

namespace {

constexpr bool within(char32_t c, char32_t first, char32_t last) {
  return first <= c && c <= last;
}

/// The smallest code point that needs `bytes`; a smaller one is overlong.
constexpr char32_t smallest(std::size_t bytes) {
  return bytes == 2 ? 0x80 : bytes == 3 ? 0x800 : 0x10000;
}

} // namespace

code_point decode(std::string_view text, std::size_t at) {
  auto byte = [&](std::size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  auto first = byte(at);
  if (first < 0x80)
    return {first, 1};
  auto bytes = first >= 0xF0 ? 4U : first >= 0xE0 ? 3U : 2U;
  if (first < 0xC2 || first > 0xF4 || text.size() - at < bytes)
    return {};
  char32_t value = first & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80)
      return {};
    value = (value << 6U) | (byte(at + i) & 0x3FU);
  }
  if (value < smallest(bytes) || value > 0x10FFFF
      || within(value, 0xD800, 0xDFFF))
    return {};
  return {value, bytes};
}

void append(std::string& out, char32_t c) {
  auto put = [&](char32_t byte) {
    out += static_cast<char>(byte);
  };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0U | (c >> 6U));
    put(0x80U | (c & 0x3FU));
  } else if (c < 0x10000) {
    put(0xE0U | (c >> 12U));
    put(0x80U | ((c >> 6U) & 0x3FU));
    put(0x80U | (c & 0x3FU));
  } else {
    put(0xF0U | (c >> 18U));
    put(0x80U | ((c >> 12U) & 0x3FU));
    put(0x80U | ((c >> 6U) & 0x3FU));
    put(0x80U | (c & 0x3FU));
  }
}

char32_t lower(char32_t c) {
  if (c < 0x80)
    return within(c, U'A', U'Z') ? c + 32 : c;
  if (within(c, 0xC0, 0xDE))
    return c == 0xD7 ? c : c + 32;
  if (c == 0x130)
    return U'i';
  if (within(c, 0x100, 0x137) || within(c, 0x14A, 0x177)
      || within(c, 0x1E00, 0x1E95) || within(c, 0x1EA0, 0x1EFF)
      || within(c, 0x460, 0x481) || within(c, 0x48A, 0x4BF))
    return c | 1U;
  if (c == 0x178)
    return 0xFF;
  if (within(c, 0x139, 0x148) || within(c, 0x179, 0x17E))
    return c + (c & 1U);
  if (within(c, 0x391, 0x3A9) || within(c, 0x410, 0x42F))
    return c == 0x3A2 ? c : c + 32;
  if (within(c, 0x400, 0x40F))
    return c + 80;
  switch (c) {
    case 0x386: return 0x3AC;
    case 0x388:
    case 0x389:
    case 0x38A: return c + 37;
    case 0x38C: return 0x3CC;
    case 0x38E:
    case 0x38F: return c + 63;
    default: return c;
  }
}

bool is_word_character(char32_t c) {
  if (c < 0x80)
    return within(c, U'a', U'z') || within(c, U'A', U'Z')
        || within(c, U'0', U'9');
  if (c < 0xC0)
    return c == 0xAA || c == 0xB5 || c == 0xBA;
  return c != 0xD7 && c != 0xF7 && !within(c, 0x2000, 0x206F) // punctuation
      && !within(c, 0x20A0, 0x20CF)                           // currencies
      && !within(c, 0x2100, 0x2BFF) // arrows, mathematics, boxes, symbols
      && !within(c, 0x3000, 0x303F) // punctuation of Chinese and Japanese
      && !within(c, 0xE000, 0xF8FF) // private
      && !within(c, 0xFE00, 0xFE6F) // selectors, small forms
      && !within(c, 0xFF00, 0xFF0F) // wide punctuation
      && !within(c, 0xFF1A, 0xFF20) && !within(c, 0xFFF0, 0xFFFF)
      && !within(c, 0x1F000, 0x1FAFF); // pictures
}

bool is_ideograph(char32_t c) {
  return within(c, 0x3040, 0x30FF) || within(c, 0x3400, 0x4DBF)
      || within(c, 0x4E00, 0x9FFF) || within(c, 0xF900, 0xFAFF)
      || within(c, 0x20000, 0x3FFFF);
}

} // namespace hololoom::detail
