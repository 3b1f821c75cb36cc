#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// memory/text: UTF-8, sentences, words, search terms. Every function is pure
/// and may be called from any thread. It includes nothing but the standard
/// library and the stemmer; reading, indexes and weaves use it.

namespace hololoom {

/// The offset of the first byte that is not valid UTF-8, counted from 0; none
/// if all of `text` is valid. Overlong forms, surrogates and values past
/// U+10FFFF are invalid.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

/// The length of `text` in code points.
/// @pre UTF-8; a stray continuation byte counts as 0.
std::size_t count_code_points(std::string_view text);

/// The first `count` code points of `text`.
std::string_view first_code_points(std::string_view text, std::size_t count);

/// `text` with its bytes read as Latin-1 and written as UTF-8.
std::string latin1_to_utf8(std::string_view text);

/// Lower case for ASCII, Latin, Greek and Cyrillic; other characters stay.
std::string to_lower(std::string_view text);

/// Lower case for ASCII alone, so that offsets stay the same.
std::string lower_ascii(std::string_view text);

/// `text` without white space at both ends.
std::string_view trim(std::string_view text);

/// The sentences of `text`, in order, trimmed, none empty; views into `text`.
/// Recognises abbreviations, initials, decimal numbers and file names. A
/// sentence ends at an empty line, a list item or a heading, and continues
/// across the lines of wrapped prose.
std::vector<std::string_view> split_sentences(std::string_view text);

/// The words of `text` in lower case: runs of letters and digits. An apostrophe
/// between letters is dropped: "don't" becomes "dont".
std::vector<std::string> tokenise(std::string_view text);

/// Calls `f(std::string_view word)` for each word of `tokenise(text)`, without
/// making the list. The view is valid during the call.
template <class F>
void for_each_word(std::string_view text, F&& f);

/// The English stem of a word in lower case (Snowball).
std::string stem(std::string_view word);

/// Whether a lower-case word carries too little meaning to search for.
bool is_stop_word(std::string_view word);

/// The terms to search for: the words of `text` without stop words, stemmed, in
/// order and with repetitions. A text of nothing but stop words keeps them, so
/// that "to be or not to be" can be found.
std::vector<std::string> search_terms(std::string_view text);
/// @param words `tokenise(text)`
std::vector<std::string> search_terms(const std::vector<std::string>& words);

/// Names in `text`: capitalised words of more than one letter that are not stop
/// words, without surrounding punctuation; in order of appearance, each once,
/// at most `limit`.
std::vector<std::string> find_entities(std::string_view text,
                                       std::size_t limit = 10);

namespace detail {

/// Reads the next word of `text` from `at` on into `word`, in lower case.
/// @returns false at the end.
bool next_word(std::string_view text, std::size_t& at, std::string& word);

} // namespace detail

template <class F>
void for_each_word(std::string_view text, F&& f) {
  std::string word;
  for (std::size_t at = 0; detail::next_word(text, at, word);)
    f(std::string_view{word});
}

} // namespace hololoom
