#include <hololoom/actors/shuttle/weave/steps/steps.hpp>

#include <algorithm>
#include <utility>

namespace hololoom {

namespace {

/// The parts of the score that come from the warp, and from the share of the
/// query's terms in a shard: similarity alone, at a small scale, confuses words
/// that merely look alike.
constexpr double pull = 0.15;
constexpr double covering = 0.25;

search_options options_for(const pattern_card& card,
                           const std::vector<scored>& threads) {
  search_options result;
  result.mode =
    card.fused_retrieval ? retrieval_mode::fused : retrieval_mode::fast;
  result.limit = threads.size();
  result.bm25_weight = card.bm25 ? card.bm25_weight : 0.0;
  result.scales.clear();
  for (auto scale : card.scales) {
    auto weight = card.fusion_weights.find(scale);
    result.scales.push_back(
      {static_cast<std::size_t>(scale),
       weight == card.fusion_weights.end() ? 1.0 : weight->second});
  }
  result.among.emplace();
  for (const auto& thread : threads)
    result.among->push_back(thread.which);
  return result;
}

/// The attention on `id` relative to the strongest; 0 outside the warp.
double pull_on(std::string_view id, const warp_space& warp,
               const std::vector<double>& attention, double strongest) {
  for (std::size_t i = 0; i < attention.size(); ++i)
    if (warp.threads()[i].id == id)
      return strongest > 0 ? attention[i] / strongest : 0.0;
  return 0;
}

} // namespace

retrieved retrieve(const query_view& view, const pattern_card& card,
                   const shard_index& memory,
                   const std::vector<scored>& threads, const warp_space& warp,
                   const features& seen) {
  retrieved result;
  std::vector<float> psi{seen.psi.begin(), seen.psi.end()};
  result.attention = warp.attention(psi);
  auto context = warp.context(result.attention);
  result.context_similarity = similarity(psi, context, psi.size());
  if (threads.empty())
    return result;
  auto strongest =
    result.attention.empty()
      ? 0.0
      : *std::max_element(result.attention.begin(), result.attention.end());
  auto hits = memory.search(view, options_for(card, threads));
  for (auto& hit : hits)
    hit.score =
      (1 - pull - covering) * hit.score + covering * hit.coverage
      + pull * pull_on(memory.id(hit.which), warp, result.attention, strongest);
  std::stable_sort(
    hits.begin(), hits.end(),
    [](const scored& a, const scored& b) { return a.score > b.score; });
  if (auto k = static_cast<std::size_t>(card.k); hits.size() > k)
    hits.resize(k);
  for (const auto& hit : hits)
    result.shards.push_back(
      {memory.at(hit.which), hit.score, hit.similarity, hit.coverage});
  return result;
}

} // namespace hololoom
