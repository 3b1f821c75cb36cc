#include <hololoom/actors/shuttle/weave/steps/steps.hpp>
#include <hololoom/messages/json/value.hpp>

#include <algorithm>
#include <utility>

namespace hololoom {

namespace {

constexpr double failed_tool = 0.1;

std::vector<std::string> unique(std::vector<std::string> xs) {
  std::vector<std::string> result;
  for (auto& x : xs)
    if (!x.empty()
        && std::find(result.begin(), result.end(), x) == result.end())
      result.push_back(std::move(x));
  return result;
}

std::vector<std::string> sources_of(const std::vector<found_shard>& shards) {
  std::vector<std::string> result;
  result.reserve(shards.size());
  for (const auto& x : shards)
    result.push_back(source_of(x.found));
  return unique(std::move(result));
}

void add_features(weaving_trace& trace, const extracted_features& x) {
  trace.motifs_detected = x.seen.motifs;
  if (!x.spectrum)
    return;
  attributes spectral;
  spectral.set("eigenvalues", x.spectrum->eigenvalues);
  spectral.set("topics", x.spectrum->topics);
  spectral.set("fiedler", x.spectrum->fiedler);
  spectral.set("topic_var", x.spectrum->topic_var);
  spectral.set("coherence", x.spectrum->coherence);
  trace.spectral_features = std::move(spectral);
}

void add_decision(weaving_trace& trace, const decision& x) {
  trace.policy_adapter = x.plan.adapter;
  trace.tool_selected = x.plan.chosen_tool;
  trace.tool_confidence = x.confidence;
  trace.bandit_statistics = x.statistics;
}

void add_card(spacetime& to, const card_selection& x) {
  to.trace.embedding_scales_used = x.card.scales;
  to.trace.retrieval_mode = x.card.fused_retrieval ? "fused" : "fast";
  to.metadata.set("pattern_card", x.card.name);
  to.metadata.set("execution_mode", std::string{name_of(x.card.kind)});
  to.metadata.set("loom_command",
                  x.automatic ? "auto" : std::string{name_of(x.card.kind)});
  to.metadata.set("pattern_reason", x.choice.reason);
  to.metadata.set("chrono_timeout", x.card.pipeline_timeout.count() / 1000);
}

/// Sets the response: the tool's, or the error of the step that failed.
void add_response(spacetime& to, weave_outcome& x) {
  const auto* last = x.trace.errors.empty() ? nullptr : &x.trace.errors.back();
  if (x.made) {
    to.response = std::move(x.made->response);
    to.tool_used = x.decided->plan.chosen_tool;
    to.confidence =
      std::clamp(x.decided->confidence * x.made->confidence, 0.0, 1.0);
    to.sources_used = unique(std::move(x.made->sources));
    if (!x.made->details.empty())
      to.metadata.set("tool_result", std::move(x.made->details.values()));
    to.metadata.set("status", x.degraded ? "degraded" : "success");
    return;
  }
  auto why = last ? last->error : std::string{"the weave was not finished"};
  to.metadata.set("status", "error");
  to.metadata.set("error_type", last ? last->type : "internal");
  to.response = "Error: " + why;
  to.tool_used = "error";
  to.sources_used = sources_of(x.shards);
  if (!x.decided || !last
      || last->stage != name_of(weave_stage::tool_execution))
    return;
  // The tool itself failed: learning attributes the failure to it.
  to.tool_used = x.decided->plan.chosen_tool;
  to.confidence = failed_tool * x.decided->confidence;
  to.sources_used.clear();
}

} // namespace

spacetime assemble(weave_outcome x) {
  spacetime result;
  result.id = x.id;
  result.query_text = x.request->asked.text;
  result.created_at = x.created_at;
  result.trace = x.trace;
  auto& trace = result.trace;
  trace.threads_activated = std::move(x.thread_ids);
  trace.context_shards_count = static_cast<std::int64_t>(x.shards.size());
  if (x.selected)
    add_card(result, *x.selected);
  if (x.extracted)
    add_features(trace, *x.extracted);
  if (x.decided)
    add_decision(trace, *x.decided);
  result.context_summary = std::to_string(x.shards.size()) + " shards";
  add_response(result, x);
  result.metadata.set("threads_activated", trace.threads_activated.size());
  return result;
}

} // namespace hololoom
