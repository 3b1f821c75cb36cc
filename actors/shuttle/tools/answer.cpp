#include <hololoom/actors/shuttle/tools/tool.hpp>
#include <hololoom/actors/shuttle/weave/prior.hpp>
#include <hololoom/actors/shuttle/weave/relevance.hpp>
#include <hololoom/messages/json/value.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace hololoom {

namespace {

constexpr std::size_t most_sentences = 3;
/// A sentence with less of the query's weight is about something else.
constexpr double least_coverage = 0.4;
/// A further sentence needs at least this part of the best score.
constexpr double worth_adding = 0.7;
/// Sentences that share more of their terms say the same.
constexpr double same_words = 0.6;

/// A sentence that might answer.
struct candidate {
  std::string text;
  std::string source;
  relevance fit;
  double score = 0;
  std::vector<std::string> terms;
};

/// The share of terms that two sentences have in common (Jaccard).
double overlap(const std::vector<std::string>& a,
               const std::vector<std::string>& b) {
  std::vector<std::string> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(),
                        std::back_inserter(both));
  auto all = a.size() + b.size() - both.size();
  return all == 0 ? 1.0
                  : static_cast<double>(both.size()) / static_cast<double>(all);
}

/// The sentences of the shards that share a term with the query, best first;
/// only those found in time.
std::vector<candidate> rank(const tool_input& in, const query_profile& wanted) {
  std::vector<candidate> result;
  for (const auto& shard : in.shards) {
    for (auto& sentence : prose_sentences(shard.found.text)) {
      if (in.limit.over())
        break;
      candidate c;
      c.terms = distinct_terms(sentence);
      c.fit = wanted.judge(sentence, c.terms);
      if (c.fit.coverage <= 0)
        continue;
      c.score = c.fit.score * (0.8 + 0.2 * shard.score) * readability(sentence);
      c.text = std::move(sentence);
      c.source = source_of(shard.found);
      result.push_back(std::move(c));
    }
  }
  std::stable_sort(
    result.begin(), result.end(),
    [](const auto& a, const auto& b) { return a.score > b.score; });
  return result;
}

/// Up to three of `ranked` that do not repeat each other.
std::vector<candidate> choose(const std::vector<candidate>& ranked) {
  std::vector<candidate> result;
  for (const auto& c : ranked) {
    if (c.fit.coverage < least_coverage)
      continue;
    if (!result.empty() && c.score < worth_adding * result.front().score)
      break;
    auto repeats = std::any_of(result.begin(), result.end(), [&](auto& other) {
      return overlap(c.terms, other.terms) > same_words;
    });
    if (!repeats)
      result.push_back(c);
    if (result.size() == most_sentences)
      break;
  }
  return result;
}

tool_result nothing_relevant() {
  tool_result result;
  result.response = "Nothing that I remember answers this.";
  result.confidence = 0.1;
  result.details.set("sentences", 0);
  return result;
}

tool_result compose(const std::vector<candidate>& chosen) {
  tool_result result;
  for (const auto& c : chosen) {
    if (!result.response.empty())
      result.response += "\n";
    result.response += c.text + " [" + c.source + "]";
    result.sources.push_back(c.source);
  }
  const auto& best = chosen.front().fit;
  result.confidence =
    std::clamp(0.1 + 0.65 * best.coverage + 0.25 * best.similarity, 0.0, 0.95);
  result.details.set("sentences", chosen.size());
  result.details.set("coverage", best.coverage);
  return result;
}

class answer_tool final : public tool {
public:
  std::string_view name() const override { return "answer"; }

  double cue(const query& asked, const features&) const override {
    return find_cues(asked.text).asks ? 2.5 : 2.0;
  }

  caf::expected<tool_result> run(const tool_input& in) const override {
    query_profile wanted{in.view, *in.memory->vectors()};
    auto chosen = choose(rank(in, wanted));
    return chosen.empty() ? nothing_relevant() : compose(chosen);
  }
};

} // namespace

tool_ptr make_answer_tool() {
  return std::make_shared<answer_tool>();
}

} // namespace hololoom
