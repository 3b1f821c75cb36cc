#include <hololoom/actors/memory/index/shard_search.hpp>
#include <hololoom/actors/memory/text/text.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace hololoom::detail {

namespace {

constexpr double k1 = 1.5;
constexpr double b = 0.75;

/// A misspelt term counts for less than one that is there.
constexpr double spelling_weight = 0.6;

/// BM25 of a shard.
struct evidence {
  float score = 0;
  /// The summed idf of the query's terms in the shard.
  float matched = 0;
};

/// Adds `term`, or another occurrence of it, to `terms`.
void add_term(std::vector<query_term>& terms, const index_state& state,
              std::string term, double weight) {
  auto same = [&](const query_term& x) {
    return x.term == term;
  };
  if (auto i = std::find_if(terms.begin(), terms.end(), same);
      i != terms.end()) {
    i->count += 1;
    return;
  }
  auto idf = state.idf(term);
  terms.push_back({std::move(term), 1, idf, weight});
}

/// BM25 for every shard, by ordinal.
std::vector<evidence> weigh(const index_state& state,
                            const std::vector<query_term>& terms) {
  std::vector<evidence> result(state.end());
  auto mean = state.live == 0 ? 1.0
                              : static_cast<double>(state.length)
                                  / static_cast<double>(state.live);
  mean = std::max(mean, 1.0);
  for (const auto& part : state.parts) {
    for (const auto& term : terms) {
      auto gain = term.count * term.weight * term.idf * (k1 + 1);
      part.seg->for_each_posting(
        term.term, [&](std::uint32_t i, std::uint32_t count) {
          if (!part.alive(i))
            return;
          auto length = static_cast<double>((*part.seg)[i].terms);
          auto norm = k1 * (1 - b + b * length / mean);
          auto& x = result[part.first + i];
          x.score += static_cast<float>(gain * count / (count + norm));
          x.matched += static_cast<float>(term.weight * term.idf);
        });
    }
  }
  return result;
}

/// The `limit` allowed shards of the highest BM25, in order of ordinals. Only
/// shards that have a term of the query.
std::vector<ordinal> propose(const index_state& state,
                             const std::vector<evidence>& weighed,
                             std::size_t limit, const shard_filter& allowed) {
  // A heap with the worst of the best on top; of equals the later is worse.
  auto better = [&](ordinal x, ordinal y) {
    return weighed[x].score != weighed[y].score
           ? weighed[x].score > weighed[y].score
           : x < y;
  };
  std::vector<ordinal> best;
  for (const auto& part : state.parts) {
    for (std::uint32_t i = 0; i < part.seg->size(); ++i) {
      auto which = part.first + i;
      if (weighed[which].score <= 0
          || (best.size() == limit && !better(which, best.front()))
          || (allowed && !allowed(which, (*part.seg)[i])))
        continue;
      if (best.size() == limit) {
        std::pop_heap(best.begin(), best.end(), better);
        best.pop_back();
      }
      best.push_back(which);
      std::push_heap(best.begin(), best.end(), better);
    }
  }
  std::sort(best.begin(), best.end());
  return best;
}

/// `total[i] += weight * normalised(scores)[i]`
void blend(std::vector<scored>& total, const std::vector<double>& scores,
           double weight) {
  auto relative = normalise(scores);
  for (std::size_t i = 0; i < total.size(); ++i)
    total[i].score += weight * relative[i];
}

/// The scales that count, their weights scaled to sum to 1.
std::vector<scale_weight> scales_of(const search_options& how) {
  auto result = how.scales;
  std::erase_if(result, [](const scale_weight& x) { return x.scale == 0; });
  if (how.mode == retrieval_mode::fast && !result.empty())
    result = {{result.front().scale, 1}};
  auto sum = 0.0;
  for (const auto& x : result)
    sum += x.weight;
  if (sum <= 0)
    return {};
  for (auto& x : result)
    x.weight /= sum;
  return result;
}

void score_vectors(const index_state& state, const query_view& query,
                   const search_options& how, std::vector<scored>& found,
                   double share) {
  std::vector<std::shared_ptr<const std::vector<float>>> vectors;
  vectors.reserve(found.size());
  for (const auto& x : found)
    vectors.push_back(state.vector_of(x.which));
  for (auto [scale, weight] : scales_of(how)) {
    std::vector<double> similarities;
    similarities.reserve(found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      similarities.push_back(similarity(query.vector, *vectors[i], scale));
      found[i].similarity = similarities.back();
    }
    blend(found, similarities, share * weight);
  }
}

} // namespace

query_view analyse(const index_state& state, std::string_view text) {
  query_view result;
  result.text = text;
  result.words = tokenise(text);
  for (auto& term : search_terms(result.words)) {
    result.rarity.emplace(term, state.idf(term));
    if (state.frequency(term) > 0)
      add_term(result.terms, state, std::move(term), 1);
    else
      for (auto& guess : similar_terms(state, term, 2))
        add_term(result.terms, state, std::move(guess), spelling_weight);
  }
  result.vector = state.vectors->encode_query(
    text, [&](std::string_view term) { return state.idf(term); });
  return result;
}

std::vector<ordinal> everything(const index_state& state,
                                const shard_filter& allowed) {
  std::vector<ordinal> result;
  for (const auto& part : state.parts)
    for (std::uint32_t i = 0; i < part.seg->size(); ++i)
      if (part.alive(i)
          && (!allowed || allowed(part.first + i, (*part.seg)[i])))
        result.push_back(part.first + i);
  return result;
}

std::vector<scored> search(const index_state& state, const query_view& query,
                           const search_options& how,
                           const shard_filter& allowed) {
  if (state.live == 0 || how.limit == 0)
    return {};
  auto weighed = weigh(state, query.terms);
  auto pool = std::max(state.limits.candidates, how.limit);
  auto candidates = state.live <= pool ? everything(state, allowed)
                                       : propose(state, weighed, pool, allowed);
  if (candidates.empty())
    return {};
  auto all_idf = 0.0;
  for (const auto& term : query.terms)
    all_idf += term.idf;
  std::vector<scored> found;
  std::vector<double> bm25;
  for (auto which : candidates) {
    const auto& x = weighed[which];
    found.push_back({which, 0, 0, x.score,
                     all_idf > 0 ? std::min(x.matched / all_idf, 1.0) : 0});
    bm25.push_back(x.score);
  }
  auto share = std::clamp(how.bm25_weight, 0.0, 1.0);
  score_vectors(state, query, how, found, 1 - share);
  if (share > 0)
    blend(found, bm25, share);
  keep_best(found, how.limit);
  return found;
}

void keep_best(std::vector<scored>& found, std::size_t limit) {
  std::stable_sort(
    found.begin(), found.end(),
    [](const scored& x, const scored& y) { return x.score > y.score; });
  if (found.size() > limit)
    found.resize(limit);
}

std::vector<double> normalise(std::span<const double> scores) {
  auto count = static_cast<double>(scores.size());
  auto mean = std::accumulate(scores.begin(), scores.end(), 0.0) / count;
  auto variance = 0.0;
  for (auto s : scores)
    variance += (s - mean) * (s - mean) / count;
  auto deviation = std::sqrt(variance) + 1e-9;
  std::vector<double> result;
  result.reserve(scores.size());
  for (auto s : scores)
    result.push_back(1 / (1 + std::exp(-(s - mean) / deviation)));
  return result;
}

} // namespace hololoom::detail
