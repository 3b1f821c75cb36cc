#include <hololoom/actors/shuttle/weave/features/motifs.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace hololoom {

namespace {

constexpr std::array keywords{
  std::string_view{"question"},   std::string_view{"answer"},
  std::string_view{"algorithm"},  std::string_view{"thompson"},
  std::string_view{"sampling"},   std::string_view{"hive"},
  std::string_view{"inspection"}, std::string_view{"calculate"},
  std::string_view{"compute"}};

/// One to three consecutive words that show a figure of speech.
struct cue {
  std::string_view pattern;
  std::array<std::string_view, 3> words;
};

constexpr std::string_view cause = "cause→effect";
constexpr std::string_view contrast = "contrast";
constexpr std::string_view condition = "condition→consequence";
constexpr std::string_view goal = "goal→constraint";
constexpr std::string_view asking = "question→answer";
constexpr std::string_view subordinate = "subordinate→main";

constexpr std::array cues{cue{cause, {"because"}},
                          cue{cause, {"therefore"}},
                          cue{cause, {"hence"}},
                          cue{cause, {"leads", "to"}},
                          cue{cause, {"due", "to"}},
                          cue{contrast, {"but"}},
                          cue{contrast, {"however"}},
                          cue{contrast, {"whereas"}},
                          cue{condition, {"if"}},
                          cue{condition, {"unless"}},
                          cue{goal, {"in", "order", "to"}},
                          cue{goal, {"must"}},
                          cue{goal, {"within"}},
                          cue{subordinate, {"although"}},
                          cue{subordinate, {"though"}},
                          cue{subordinate, {"while"}}};

constexpr std::array asking_words{
  std::string_view{"who"},   std::string_view{"what"},
  std::string_view{"when"},  std::string_view{"where"},
  std::string_view{"why"},   std::string_view{"how"},
  std::string_view{"which"}, std::string_view{"whose"},
  std::string_view{"whom"}};

/// A word in lower case (ASCII), and its place.
struct placed_word {
  std::string text;
  text_span span;
};

bool is_word_byte(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_'
      || c >= 0x80;
}

/// The words of `text` and its question marks; a code point past ASCII counts
/// as a letter, so that "réponse" does not contain "ponse".
std::vector<placed_word> place_words(std::string_view text) {
  std::vector<placed_word> result;
  placed_word current;
  std::int64_t position = 0;
  auto finish = [&] {
    if (!current.text.empty())
      result.push_back(std::move(current));
    current = {};
  };
  for (auto byte : text) {
    auto c = static_cast<unsigned char>(byte);
    auto continues = (c & 0xC0U) == 0x80U;
    if (c >= 'A' && c <= 'Z')
      c = static_cast<unsigned char>(c - 'A' + 'a');
    if (!continues)
      ++position;
    if (is_word_byte(c)) {
      if (current.text.empty())
        current.span.start = position - 1;
      current.text += static_cast<char>(c);
      current.span.end = position;
    } else {
      finish();
      if (c == '?')
        result.push_back({"?", {position - 1, position}});
    }
  }
  finish();
  return result;
}

bool matches(const cue& x, const std::vector<placed_word>& words,
             std::size_t at, std::size_t& length) {
  length = 0;
  for (auto word : x.words) {
    if (word.empty())
      break;
    if (at + length >= words.size() || words[at + length].text != word)
      return false;
    ++length;
  }
  return true;
}

void add(std::vector<motif>& to, std::string_view pattern, text_span span,
         double score) {
  motif m;
  m.pattern = pattern;
  m.span = span;
  m.score = score;
  to.push_back(std::move(m));
}

std::vector<motif> find_structural(const std::vector<placed_word>& words) {
  constexpr double score = 0.7;
  std::vector<motif> result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::size_t length = 0;
    for (const auto& x : cues)
      if (matches(x, words, i, length))
        add(result, x.pattern,
            {words[i].span.start, words[i + length - 1].span.end}, score);
    auto asks =
      words[i].text == "?"
      || (i == 0
          && std::find(asking_words.begin(), asking_words.end(), words[i].text)
               != asking_words.end());
    if (asks)
      add(result, asking, words[i].span, score);
  }
  std::stable_sort(
    result.begin(), result.end(),
    [](const motif& a, const motif& b) { return a.pattern < b.pattern; });
  return result;
}

} // namespace

std::vector<motif> find_motifs(std::string_view text, bool structural) {
  auto words = place_words(text);
  std::vector<motif> result;
  for (auto keyword : keywords)
    for (const auto& word : words)
      if (word.text == keyword)
        add(result, keyword, word.span, 0.9);
  if (structural)
    for (auto& m : find_structural(words))
      result.push_back(std::move(m));
  return result;
}

bool is_question(std::string_view text) {
  auto words = place_words(text);
  if (words.empty())
    return false;
  return std::find(asking_words.begin(), asking_words.end(), words[0].text)
        != asking_words.end()
      || std::any_of(words.begin(), words.end(),
                     [](const placed_word& w) { return w.text == "?"; });
}

} // namespace hololoom
