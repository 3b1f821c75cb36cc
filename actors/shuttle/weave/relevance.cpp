#include <hololoom/actors/memory/text/text.hpp>
#include <hololoom/actors/shuttle/weave/relevance.hpp>

#include <algorithm>
#include <cmath>

namespace hololoom {

namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/// Characters that begin a line of a list, a comment or a quotation.
bool is_marker(char c) {
  return c == '*' || c == '#' || c == '>' || c == '|' || c == '-' || c == '.'
      || c == '=' || c == '~' || c == '+';
}

/// `sentence` with one space for each run of white space, and without markers
/// at the beginning of its lines.
std::string tidy(std::string_view sentence) {
  std::string result;
  auto fresh_line = true;
  for (std::size_t i = 0; i < sentence.size(); ++i) {
    auto c = sentence[i];
    if (c == '\n')
      fresh_line = true;
    if (is_space(c)) {
      if (!result.empty() && result.back() != ' ')
        result += ' ';
      continue;
    }
    // A marker stands alone: "-5" and ".deb" are not list items.
    if (fresh_line && is_marker(c)
        && (i + 1 == sentence.size() || is_space(sentence[i + 1])
            || is_marker(sentence[i + 1])))
      continue;
    fresh_line = false;
    result += c;
  }
  while (!result.empty() && result.back() == ' ')
    result.pop_back();
  return result;
}

/// Even a term of every shard says a little.
double weight_of(double rarity) {
  return std::max(rarity, 0.05);
}

} // namespace

std::vector<std::string> distinct_terms(std::string_view text) {
  auto terms = search_terms(text);
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  return terms;
}

query_profile::query_profile(const query_view& query, const encoder& vectors)
  : query_(query), vectors_(vectors) {
  for (const auto& [term, rarity] : query.rarity)
    total_ += weight_of(rarity);
}

double query_profile::closeness(std::string_view sentence) const {
  if (query_.rarity.size() < 2)
    return 1;
  std::size_t at = 0;
  std::size_t last = 0;
  std::string_view last_term;
  double near = 0;
  auto words = search_terms(sentence);
  for (const auto& word : words) {
    ++at;
    auto i = query_.rarity.find(word);
    if (i == query_.rarity.end())
      continue;
    if (!last_term.empty() && last_term != i->first)
      near += 1.0 / static_cast<double>(at - last);
    last = at;
    last_term = i->first;
  }
  return std::min(1.0, near / static_cast<double>(query_.rarity.size() - 1));
}

relevance query_profile::judge(std::string_view sentence,
                               const std::vector<std::string>& terms) const {
  relevance result;
  double found = 0;
  for (const auto& term : terms)
    if (auto i = query_.rarity.find(term); i != query_.rarity.end())
      found += weight_of(i->second);
  result.coverage = total_ > 0 ? found / total_ : 0;
  if (result.coverage <= 0)
    return result;
  auto vector = vectors_.encode(sentence);
  result.similarity =
    std::clamp(similarity(query_.vector, vector, vector.size()), 0.0, 1.0);
  result.score = 0.6 * result.coverage + 0.25 * result.similarity
               + 0.15 * closeness(sentence);
  return result;
}

std::vector<std::string> prose_sentences(std::string_view text) {
  std::vector<std::string> result;
  for (auto sentence : split_sentences(text))
    if (auto clean = tidy(sentence); !clean.empty())
      result.push_back(std::move(clean));
  return result;
}

double readability(std::string_view sentence) {
  auto words = tokenise(sentence);
  auto count = static_cast<double>(words.size());
  auto letters = std::count_if(sentence.begin(), sentence.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' '
        || static_cast<unsigned char>(c) >= 0x80;
  });
  auto share = sentence.empty() ? 0.0
                                : static_cast<double>(letters)
                                    / static_cast<double>(sentence.size());
  auto result = 1.0;
  if (count < 5)
    result *= 0.35 + 0.13 * count;
  if (count > 45)
    result *= 45 / count;
  if (share < 0.8)
    result *= share / 0.8;
  auto last = sentence.empty() ? '\0' : sentence.back();
  if (last != '.' && last != '!' && last != '?' && last != '"' && last != ')')
    result *= 0.9;
  // A question does not answer.
  if (last == '?')
    result *= 0.6;
  return result;
}

std::string snippet(std::string_view text, const query_profile& wanted,
                    std::size_t length) {
  std::string best;
  double best_score = -1;
  for (auto& sentence : prose_sentences(text)) {
    auto score = wanted.judge(sentence, distinct_terms(sentence)).score;
    if (score > best_score) {
      best_score = score;
      best = std::move(sentence);
    }
  }
  if (count_code_points(best) <= length)
    return best;
  return std::string{first_code_points(best, length - 1)} + "…";
}

} // namespace hololoom
