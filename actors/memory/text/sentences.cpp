#include <hololoom/actors/memory/text/text.hpp>
#include <hololoom/actors/memory/text/utf8.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace hololoom {

namespace {

constexpr bool is_white(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Whether a full stop after `word` does not end a sentence.
bool is_abbreviation(std::string_view word) {
  static constexpr std::array<std::string_view, 44> known{
    "al",  "approx", "apr", "aug", "ca",  "cf",  "ch",  "co",   "corp",
    "dec", "dept",   "dr",  "e.g", "ed",  "eg",  "eq",  "etc",  "feb",
    "fig", "i.e",    "ie",  "inc", "jan", "jr",  "ltd", "mr",   "mrs",
    "ms",  "no",     "nov", "oct", "op",  "p",   "pp",  "prof", "rev",
    "sec", "sep",    "sr",  "st",  "u.k", "u.s", "vol", "vs"};
  return std::binary_search(known.begin(), known.end(), word);
}

/// The word that ends right before `at`, in lower case, with inner full stops.
std::string word_before(std::string_view text, std::size_t at) {
  auto begin = at;
  while (begin > 0 && !is_white(text[begin - 1]) && text[begin - 1] != '('
         && text[begin - 1] != '"')
    --begin;
  return to_lower(text.substr(begin, at - begin));
}

std::string_view line_at(std::string_view text, std::size_t at) {
  return text.substr(at, text.find('\n', at) - at);
}

/// `- x`, `* x`, `+ x`, `o x`, `1. x`, `2) x`, `(a) x`
bool is_list_item(std::string_view line) {
  line = trim(line);
  if (line.size() < 3)
    return false;
  if (std::string_view{"-*+o"}.find(line[0]) != std::string_view::npos)
    return line[1] == ' ';
  if (line.starts_with("\xE2\x80\xA2"))
    return true;
  if (line[0] == '(')
    return line[2] == ')' || (line.size() > 3 && line[3] == ')');
  std::size_t digits = 0;
  while (digits < line.size() && is_digit(line[digits]))
    ++digits;
  return digits > 0 && digits <= 3 && digits + 1 < line.size()
      && (line[digits] == '.' || line[digits] == ')')
      && line[digits + 1] == ' ';
}

/// `License: GPL-2+`, as in copyright files and mail.
bool is_field(std::string_view line) {
  auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 24)
    return false;
  auto name = line.substr(0, colon);
  return name[0] >= 'A' && name[0] <= 'Z'
      && name.find(' ') == std::string_view::npos
      && (colon + 1 == line.size() || is_white(line[colon + 1]));
}

bool is_heading(std::string_view line) {
  return line.starts_with('#') && line.find_first_not_of('#') < 7
      && line[line.find_first_not_of('#')] == ' ';
}

/// A line of nothing but `===`, `---`, `***` or the like.
bool is_rule(std::string_view line) {
  line = trim(line);
  return line.size() >= 3
      && line.find_first_not_of(line[0]) == std::string_view::npos
      && std::string_view{"=-*_~#"}.find(line[0]) != std::string_view::npos;
}

/// Whether `line` starts a new block rather than continuing `before`.
bool begins_block(std::string_view line, std::string_view before) {
  return trim(line).empty() || is_list_item(line) || is_heading(line)
      || is_field(line) || is_rule(line) || is_heading(before)
      || is_rule(before) || trim(before).ends_with(" .") || trim(before) == ".";
}

bool is_mark(char c) {
  return c == '.' || c == '!' || c == '?';
}

/// Whether a sentence ends with the marks, closing quotes and brackets in
/// `[begin, end)` of `block`, the first of which is a mark.
bool ends_sentence(std::string_view block, std::size_t begin, std::size_t end) {
  if (end < block.size() && !is_white(block[end]))
    return false;
  auto follow = end;
  while (follow < block.size() && is_white(block[follow]))
    ++follow;
  auto marks = block.substr(begin, end - begin);
  if (follow == block.size() || marks.find_first_of("!?") != marks.npos)
    return true;
  auto c = detail::decode(block, follow);
  auto letter = detail::is_word_character(c.value);
  auto small = letter && c.value > U'9' && detail::lower(c.value) == c.value
            && c.value < 0x2000;
  if (small)
    return false;
  if (marks.size() > 1)
    return true;
  auto word = word_before(block, begin);
  auto initial = word.size() == 1 && !is_digit(word[0]) && word != "i";
  return !initial && !is_abbreviation(word);
}

void split_block(std::string_view block, std::vector<std::string_view>& out) {
  std::size_t begin = 0;
  auto emit = [&](std::size_t end) {
    if (auto sentence = trim(block.substr(begin, end - begin));
        !sentence.empty() && !is_rule(sentence))
      out.push_back(sentence);
    begin = end;
  };
  for (std::size_t at = 0; at < block.size();) {
    if (is_mark(block[at])) {
      auto end =
        std::min(block.find_first_not_of(".!?)\"']", at), block.size());
      if (ends_sentence(block, std::exchange(at, end), end))
        emit(end);
      continue;
    }
    auto c = detail::decode(block, at);
    at += std::max<std::size_t>(c.bytes, 1);
    // Chinese and Japanese put no space after the mark.
    if (c.value == 0x3002 || c.value == 0xFF01 || c.value == 0xFF1F)
      emit(at);
  }
  emit(block.size());
}

} // namespace

std::vector<std::string_view> split_sentences(std::string_view text) {
  std::vector<std::string_view> result;
  std::size_t begin = 0;
  std::string_view before;
  for (std::size_t at = 0; at < text.size();) {
    auto line = line_at(text, at);
    if (at > begin && begins_block(line, before)) {
      split_block(text.substr(begin, at - begin), result);
      begin = at;
    }
    before = line;
    at += line.size() + 1;
  }
  if (begin < text.size())
    split_block(text.substr(begin), result);
  return result;
}

} // namespace hololoom
