#include <hololoom/actors/memory/text/text.hpp>
#include <hololoom/actors/memory/text/utf8.hpp>

#include <libstemmer.h>

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_set>

namespace hololoom {

namespace {

constexpr bool is_ascii_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// 0 for a byte that ends a word, the byte in lower case for one that
/// continues it, and 1 for bytes that need decoding.
constexpr auto word_bytes = [] {
  std::array<unsigned char, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    auto ch = static_cast<char>(c);
    if (c >= 0x80)
      table[c] = 1;
    else if (c >= 'A' && c <= 'Z')
      table[c] = static_cast<unsigned char>(c + 32);
    else if (is_ascii_letter(ch) || (c >= '0' && c <= '9'))
      table[c] = static_cast<unsigned char>(c);
  }
  return table;
}();

/// Words without a meaning of their own.
const std::unordered_set<std::string_view>& stop_words() {
  static const std::unordered_set<std::string_view> words{
    "a",     "about",   "above",  "after",   "again",   "all",    "also",
    "am",    "an",      "and",    "any",     "are",     "as",     "at",
    "be",    "because", "been",   "before",  "being",   "below",  "between",
    "both",  "but",     "by",     "can",     "cannot",  "cant",   "could",
    "did",   "do",      "does",   "doesnt",  "doing",   "done",   "dont",
    "down",  "during",  "each",   "either",  "else",    "ever",   "every",
    "few",   "for",     "from",   "further", "get",     "gets",   "had",
    "has",   "have",    "having", "he",      "her",     "here",   "hers",
    "him",   "his",     "how",    "however", "i",       "if",     "im",
    "in",    "into",    "is",     "isnt",    "it",      "its",    "itself",
    "just",  "let",     "like",   "many",    "may",     "me",     "might",
    "more",  "most",    "much",   "must",    "my",      "no",     "nor",
    "not",   "now",     "of",     "off",     "on",      "once",   "one",
    "only",  "or",      "other",  "our",     "ours",    "out",    "over",
    "own",   "please",  "same",   "shall",   "she",     "should", "since",
    "so",    "some",    "such",   "tell",    "than",    "that",   "thats",
    "the",   "their",   "theirs", "them",    "then",    "there",  "these",
    "they",  "this",    "those",  "through", "thus",    "to",     "too",
    "under", "until",   "up",     "upon",    "us",      "use",    "used",
    "very",  "was",     "we",     "were",    "what",    "whats",  "when",
    "where", "whether", "which",  "while",   "who",     "whom",   "whose",
    "why",   "will",    "with",   "within",  "without", "wont",   "would",
    "yes",   "yet",     "you",    "your",    "yours"};
  return words;
}

struct stemmer_deleter {
  void operator()(sb_stemmer* x) const { sb_stemmer_delete(x); }
};

/// Longer words are hashes or encoded data, not language.
constexpr std::size_t longest_stemmed = 40;

} // namespace

// -- UTF-8 --------------------------------------------------------------------

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    auto c = detail::decode(text, at);
    if (c.bytes == 0)
      return at;
    at += c.bytes;
  }
  return std::nullopt;
}

std::size_t count_code_points(std::string_view text) {
  return static_cast<std::size_t>(
    std::count_if(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
    }));
}

std::string_view first_code_points(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80)
      continue;
    if (count == 0)
      break;
    --count;
  }
  return text.substr(0, at);
}

std::string latin1_to_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size() + text.size() / 8);
  for (auto c : text)
    detail::append(result, static_cast<unsigned char>(c));
  return result;
}

std::string to_lower(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    auto c = detail::decode(text, at);
    if (c.bytes == 0) {
      result += text[at++];
      continue;
    }
    detail::append(result, detail::lower(c.value));
    at += c.bytes;
  }
  return result;
}

std::string lower_ascii(std::string_view text) {
  std::string result{text};
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view white = " \t\r\n\f\v";
  auto first = text.find_first_not_of(white);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(white) - first + 1);
}

// -- words --------------------------------------------------------------------

namespace detail {

namespace {

/// The size in bytes of an apostrophe between letters at `at`; 0 for none.
std::size_t inner_apostrophe(std::string_view text, std::size_t at) {
  auto rest = text.substr(at);
  std::size_t bytes = rest.starts_with('\'')           ? 1
                    : rest.starts_with("\xE2\x80\x99") ? 3
                                                       : 0;
  return bytes != 0 && rest.size() > bytes && is_ascii_letter(rest[bytes])
         ? bytes
         : 0;
}

} // namespace

bool next_word(std::string_view text, std::size_t& at, std::string& word) {
  word.clear();
  while (at < text.size()) {
    auto kind = word_bytes[static_cast<unsigned char>(text[at])];
    if (kind > 1) {
      word += static_cast<char>(kind);
      ++at;
      continue;
    }
    if (auto skip = word.empty() ? 0 : inner_apostrophe(text, at); skip != 0) {
      at += skip;
      continue;
    }
    auto c = kind == 1 ? decode(text, at) : code_point{0, 1};
    auto inside = c.bytes != 0 && c.value != 0 && is_word_character(c.value);
    if (inside && is_ideograph(c.value)) {
      if (!word.empty())
        return true;
      append(word, c.value);
      at += c.bytes;
      return true;
    }
    if (inside)
      append(word, lower(c.value));
    else if (!word.empty())
      return true;
    at += std::max<std::size_t>(c.bytes, 1);
  }
  return !word.empty();
}

} // namespace detail

std::vector<std::string> tokenise(std::string_view text) {
  std::vector<std::string> result;
  for_each_word(text,
                [&](std::string_view word) { result.emplace_back(word); });
  return result;
}

std::string stem(std::string_view word) {
  // A stemmer is not reentrant, and creating one costs more than stemming
  // many words.
  thread_local const std::unique_ptr<sb_stemmer, stemmer_deleter> english{
    sb_stemmer_new("english", "UTF_8")};
  if (english == nullptr || word.size() > longest_stemmed)
    return std::string{word};
  const auto* result = sb_stemmer_stem(
    english.get(), reinterpret_cast<const sb_symbol*>(word.data()),
    static_cast<int>(word.size()));
  if (result == nullptr)
    return std::string{word};
  return {reinterpret_cast<const char*>(result),
          static_cast<std::size_t>(sb_stemmer_length(english.get()))};
}

bool is_stop_word(std::string_view word) {
  return stop_words().contains(word);
}

std::vector<std::string> search_terms(const std::vector<std::string>& words) {
  std::vector<std::string> result;
  std::vector<std::string> stopped;
  for (const auto& word : words)
    (is_stop_word(word) ? stopped : result).push_back(stem(word));
  return result.empty() ? stopped : result;
}

std::vector<std::string> search_terms(std::string_view text) {
  return search_terms(tokenise(text));
}

std::vector<std::string> find_entities(std::string_view text,
                                       std::size_t limit) {
  std::vector<std::string> result;
  std::size_t at = 0;
  while (at < text.size() && result.size() < limit) {
    auto c = detail::decode(text, at);
    if (c.bytes == 0 || !detail::is_word_character(c.value)) {
      at += std::max<std::size_t>(c.bytes, 1);
      continue;
    }
    auto begin = at;
    auto end = at;
    for (; at < text.size(); at += c.bytes) {
      c = detail::decode(text, at);
      if (c.bytes == 0 || c.value <= U' ' || c.value == 0xA0)
        break;
      if (detail::is_word_character(c.value))
        end = at + c.bytes;
    }
    auto word = text.substr(begin, end - begin);
    auto first = detail::decode(text, begin).value;
    if (detail::lower(first) == first || count_code_points(word) < 2
        || is_stop_word(to_lower(word)))
      continue;
    if (std::find(result.begin(), result.end(), word) == result.end())
      result.emplace_back(word);
  }
  return result;
}

} // namespace hololoom
