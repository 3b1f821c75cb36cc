#include <hololoom/actors/reflection/repair/lost_episodes.hpp>

#include <algorithm>

namespace hololoom {

namespace {

constexpr std::size_t most_ids = 1'000;
constexpr std::size_t most_ranges = 10'000;

/// How many items of a long list a sentence contains.
constexpr std::size_t most_listed = 20;

std::string counted(std::int64_t n) {
  return std::to_string(n) + (n == 1 ? " episode" : " episodes");
}

std::string text_of(const episode_range& x) {
  auto result = std::to_string(x.first);
  return x.first == x.last ? result : result + " to " + std::to_string(x.last);
}

std::string text_of(const std::string& x) {
  return x;
}

template <class T>
std::string listed(const std::vector<T>& xs) {
  std::string result;
  for (std::size_t i = 0; i < std::min(xs.size(), most_listed); ++i)
    result += (i == 0 ? "" : ", ") + text_of(xs[i]);
  if (xs.size() > most_listed)
    result += ", and more";
  return result;
}

/// Calls `f` for each range of numbers from `first` to `last` that are in the
/// set, or that are not.
template <class F>
void for_each_range(const number_set& x, bool in_set, std::int64_t first,
                    std::int64_t last, F f) {
  auto next = [&x](std::int64_t from, bool in) {
    return in ? x.next(from) : x.next_absent(from);
  };
  for (auto at = next(first, in_set); at <= last;) {
    auto end = std::min(next(at, !in_set), last + 1);
    f(episode_range{at, end - 1});
    at = next(end, in_set);
  }
}

/// Of which episodes only the text is lost.
std::string without_text(const number_set& x, std::int64_t last) {
  std::vector<episode_range> ranges;
  for_each_range(x, true, 1, last, [&](const episode_range& range) {
    if (ranges.size() <= most_listed)
      ranges.push_back(range);
  });
  auto one = x.size() == 1;
  return "of " + counted(x.size())
       + " only the text could not be read, and what was learned from "
       + (one ? "it is kept: number " : "them is kept: numbers ")
       + listed(ranges);
}

std::vector<std::string> ids_in(const salvaged& found,
                                const std::vector<episode_range>& ranges) {
  std::vector<std::string> result;
  for (const auto& range : ranges)
    for (auto i = found.ids.lower_bound(range.first);
         i != found.ids.end() && i->first <= range.last; ++i)
      if (result.size() < most_ids)
        result.push_back(i->second);
  return result;
}

} // namespace

lost_episodes find_lost(const salvaged& found, std::int64_t mark) {
  lost_episodes result;
  auto known = std::max(found.known, mark);
  auto first = found.baseline ? found.baseline->sequence : 0;
  for_each_range(found.episodes, false, first + 1, known,
                 [&](const episode_range& x) {
                   result.count += x.last - x.first + 1;
                   if (result.ranges.size() < most_ranges)
                     result.ranges.push_back(x);
                 });
  result.ids = ids_in(found, result.ranges);
  auto& sentences = result.sentences;
  if (result.count > 0) {
    sentences.push_back(counted(result.count) + " could not be read: number"
                        + (result.count == 1 ? " " : "s ")
                        + listed(result.ranges));
    sentences.push_back(result.ids.empty()
                          ? "the journal's index does not say by what ids"
                          : "the journal's index has "
                              + std::to_string(result.ids.size())
                              + " of their ids: " + listed(result.ids));
  }
  if (found.without_text.size() > 0)
    sentences.push_back(without_text(found.without_text, known));
  if (!found.baseline && !result.ranges.empty()
      && result.ranges.front().first == 1)
    sentences.push_back(
      "what was learned from episodes that had left the journal "
      "could not be read, and which of "
      + text_of(result.ranges.front()) + " had left is not known");
  if (mark == 0)
    sentences.push_back(
      "journal.mark is missing or damaged: whether there were "
      "episodes after number "
      + std::to_string(known) + " is not known");
  return result;
}

} // namespace hololoom
