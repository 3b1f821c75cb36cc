#include <hololoom/actors/memory/index/shard_search.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>

namespace hololoom::detail {

namespace {

constexpr std::size_t shortest = 4;
constexpr std::size_t longest = 24;

/// Whether `x` becomes `y` with at most `limit` insertions, deletions,
/// replacements and swaps of neighbours (optimal string alignment).
bool within_edits(std::string_view x, std::string_view y, std::size_t limit) {
  using row = std::array<std::size_t, longest + 3>;
  row two_up{};
  row up{};
  row now{};
  for (std::size_t j = 0; j <= y.size(); ++j)
    up[j] = j;
  for (std::size_t i = 1; i <= x.size(); ++i) {
    now[0] = i;
    auto least = now[0];
    for (std::size_t j = 1; j <= y.size(); ++j) {
      auto same = x[i - 1] == y[j - 1];
      now[j] =
        std::min({up[j] + 1, now[j - 1] + 1, up[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
        now[j] = std::min(now[j], two_up[j - 2] + 1);
      least = std::min(least, now[j]);
    }
    if (least > limit)
      return false;
    two_up = up;
    up = now;
  }
  return up[y.size()] <= limit;
}

} // namespace

std::vector<std::string> similar_terms(const index_state& state,
                                       std::string_view word,
                                       std::size_t limit) {
  if (word.size() < shortest || word.size() > longest)
    return {};
  auto edits = word.size() < 8 ? 1U : 2U;
  // Typing errors seldom hit the first letter; requiring it to match skips nine
  // words out of ten.
  std::map<std::string, std::size_t, std::less<>> found;
  for (const auto& part : state.parts) {
    const auto& terms = part.seg->terms();
    for (std::uint32_t i = 0; i < terms.size(); ++i) {
      auto term = terms[i];
      if (term.empty() || term[0] != word[0]
          || term.size() + edits < word.size()
          || term.size() > word.size() + edits || term.size() > longest
          || !within_edits(word, term, edits))
        continue;
      found[std::string{term}] += part.seg->frequency(i);
    }
  }
  std::vector<std::pair<std::string, std::size_t>> order(found.begin(),
                                                         found.end());
  std::stable_sort(
    order.begin(), order.end(),
    [](const auto& x, const auto& y) { return x.second > y.second; });
  std::vector<std::string> result;
  for (auto& [term, count] : order)
    if (result.size() < limit && state.frequency(term) > 0)
      result.push_back(std::move(term));
  return result;
}

} // namespace hololoom::detail
