#include <hololoom/actors/memory/text/text.hpp>
#include <hololoom/actors/shuttle/weave/features/motifs.hpp>
#include <hololoom/actors/shuttle/weave/steps/steps.hpp>

#include <algorithm>
#include <utility>

namespace hololoom {

namespace {

/// An eigenvalue problem of this size takes about a millisecond.
constexpr std::size_t most_entities = 48;

std::size_t candidate_count(const pattern_card& card, std::size_t available) {
  auto wanted = std::max<std::size_t>(2 * static_cast<std::size_t>(card.k), 8);
  return std::min(wanted, available);
}

/// Joins all entities of one text to each other.
void add_entities(entity_graph& graph, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (graph.size() >= most_entities)
      return;
    graph.node(names[i]);
    for (std::size_t j = 0; j < i; ++j)
      graph.connect(names[j], names[i]);
  }
}

std::vector<std::string> entities_of(const shard& x) {
  return x.entities.empty() ? find_entities(x.text) : x.entities;
}

void add_spectrum(extracted_features& to, const query_view& view,
                  const shard_index& memory, const std::vector<scored>& threads,
                  const time_limit& limit) {
  entity_graph graph;
  add_entities(graph, find_entities(view.text));
  for (std::size_t i = 0; i < to.candidates.size() && !limit.over(); ++i)
    add_entities(graph, entities_of(memory.at(threads[i].which)));
  auto spectrum =
    summarise_spectrum(graph, to.candidates, [&] { return limit.over(); });
  to.incomplete |= spectrum.incomplete;
  to.seen.metrics["coherence"] = spectrum.coherence;
  to.seen.metrics["fiedler"] = spectrum.fiedler;
  to.seen.metrics["topic_var"] = spectrum.topic_var;
  to.spectrum = std::move(spectrum);
}

} // namespace

extracted_features extract_features(const query_view& view,
                                    const pattern_card& card,
                                    const shard_index& memory,
                                    const std::vector<scored>& threads,
                                    const time_limit& limit) {
  extracted_features result;
  result.motifs = find_motifs(view.text, card.structural_motifs);
  for (const auto& m : result.motifs)
    result.seen.motifs.push_back(m.pattern);
  auto scale = static_cast<std::size_t>(card.scales.back());
  auto vector = at_scale(view.vector, scale);
  result.seen.psi.assign(vector.begin(), vector.end());
  auto count = candidate_count(card, threads.size());
  for (std::size_t i = 0; i < count && !limit.over(); ++i)
    result.candidates.push_back(
      at_scale(memory.vectors()->encode(memory.text(threads[i].which)), scale));
  result.incomplete = result.candidates.size() < count;
  if (card.spectral)
    add_spectrum(result, view, memory, threads, limit);
  if (result.incomplete)
    result.seen.confidence = 0.5;
  return result;
}

} // namespace hololoom
