#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Text as memory sees it: UTF-8, sentences, words, terms. Every function is
/// pure and may be called from any thread.

namespace hololoom {

/// Where `text` stops being UTF-8: the offset of the first byte that does not
/// belong, counted from 0. Overlong forms, surrogates and values past U+10FFFF
/// do not belong.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

/// The length of `text` in code points.
/// @pre UTF-8; a stray continuation byte counts for nothing.
std::size_t count_code_points(std::string_view text);

/// The first `count` code points of `text`.
std::string_view first_code_points(std::string_view text, std::size_t count);

/// `text` with its bytes read as Latin-1 and written as UTF-8.
std::string latin1_to_utf8(std::string_view text);

/// Lower case for ASCII, Latin, Greek and Cyrillic; what else there is stays.
std::string to_lower(std::string_view text);

/// `text` without white space at both ends.
std::string_view trim(std::string_view text);

/// The sentences of `text`, in order, trimmed, none empty; views into `text`.
/// Knows abbreviations, initials, decimal numbers and file names, ends a
/// sentence at an empty line, a list item and a heading, and lets one run on
/// over the end of a line of wrapped prose.
std::vector<std::string_view> split_sentences(std::string_view text);

/// The words of `text` in lower case: runs of letters and digits, in which an
/// apostrophe between letters is kept out ("don't" is "don't" -> "dont").
std::vector<std::string> tokenise(std::string_view text);

/// Calls `f(std::string_view word)` for each word of `tokenise(text)`, without
/// a copy of the list. The view dies with the call.
template <class F>
void for_each_word(std::string_view text, F&& f);

/// The English stem of a word in lower case (Snowball).
std::string stem(std::string_view word);

/// Whether a word in lower case says too little to search for.
bool is_stop_word(std::string_view word);

/// What is searched for in `text`: its words without stop words, stemmed, in
/// order and with repetitions. Text of nothing but stop words keeps them, so
/// that "to be or not to be" can be found.
std::vector<std::string> search_terms(std::string_view text);
/// @param words `tokenise(text)`
std::vector<std::string> search_terms(const std::vector<std::string>& words);

/// Names in `text`: words that begin with a capital, punctuation stripped,
/// longer than one letter, that are no stop words; in order of appearance,
/// without repetitions, at most `limit`.
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
