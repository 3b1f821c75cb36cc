#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Code points, for the parts of memory that look at text.

namespace hololoom::detail {

/// A code point and how many bytes it takes; no bytes at all for a byte that is
/// not UTF-8.
struct code_point {
  char32_t value = 0;
  std::size_t bytes = 0;
};

/// The code point that begins at `at`.
/// @pre `at < text.size()`
code_point decode(std::string_view text, std::size_t at);

/// Appends `c` in UTF-8.
void append(std::string& out, char32_t c);

/// The small letter for `c`, or `c`: Latin, Greek and Cyrillic.
char32_t lower(char32_t c);

/// Whether `c` belongs to words: letters, digits and their marks. Past Latin,
/// Greek and Cyrillic, whatever is not known to be punctuation or a symbol.
bool is_word_character(char32_t c);

/// Whether `c` is a word by itself, in scripts that put no spaces.
bool is_ideograph(char32_t c);

} // namespace hololoom::detail
