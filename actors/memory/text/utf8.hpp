#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// UTF-8 decoding, and the classes of code points.

namespace hololoom::detail {

/// A code point and its size in UTF-8; 0 bytes for a byte that is not UTF-8.
struct code_point {
  char32_t value = 0;
  std::size_t bytes = 0;
};

/// The code point that begins at `at`.
/// @pre `at < text.size()`
code_point decode(std::string_view text, std::size_t at);

/// Appends `c` in UTF-8.
void append(std::string& out, char32_t c);

/// The lower case of a Latin, Greek or Cyrillic `c`; any other `c` itself.
char32_t lower(char32_t c);

/// Whether `c` can be part of a word: letters, digits and their marks. Beyond
/// Latin, Greek and Cyrillic, all but known punctuation and symbols.
bool is_word_character(char32_t c);

/// Whether `c` is a word by itself, in scripts without spaces.
bool is_ideograph(char32_t c);

} // namespace hololoom::detail
