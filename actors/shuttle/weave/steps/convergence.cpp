#include <hololoom/actors/shuttle/weave/steps/steps.hpp>
#include <hololoom/messages/json/value.hpp>

#include <algorithm>
#include <utility>

namespace hololoom {

namespace {

/// The probability of exploring: the learned one if there is one, else the
/// config's. A config of 0 always means never.
double epsilon_of(const shuttle_options& options,
                  const policy_snapshot& learned) {
  if (options.epsilon <= 0)
    return 0;
  return learned.epsilon ? std::clamp(*learned.epsilon, 0.0, 0.3)
                         : options.epsilon;
}

attributes statistics_of(const std::vector<arm>& arms,
                         const collapse_result& result,
                         const policy_snapshot& learned, double epsilon) {
  auto tools = json::object();
  for (std::size_t i = 0; i < arms.size(); ++i) {
    const auto& p = arms[i].posterior;
    auto entry = json::object();
    entry["probability"] = result.probabilities[i];
    entry["mean"] = p.mean();
    entry["alpha"] = p.alpha;
    entry["beta"] = p.beta;
    entry["pulls"] = p.pulls;
    tools[arms[i].name] = std::move(entry);
  }
  attributes stats;
  stats.set("strategy_used", result.strategy_used);
  stats.set("explored", result.explored);
  stats.set("epsilon", epsilon);
  stats.set("policy_version", learned.version);
  stats.set("tools", std::move(tools));
  return stats;
}

} // namespace

caf::expected<decision> converge(const query& asked, const features& seen,
                                 const tool_registry& tools,
                                 const policy_snapshot& learned,
                                 const shuttle_options& options,
                                 random_generator& rng) {
  auto arms = weigh_tools(tools, asked, seen, learned, options.experience);
  std::erase_if(arms, [](const arm& x) { return x.probability <= 0; });
  if (arms.empty())
    return failure(errc::unknown_tool, "no tool suits this query; register "
                                       "one without side effects");
  auto epsilon = epsilon_of(options, learned);
  auto result = collapse(arms, {options.strategy, epsilon, options.blend}, rng);
  decision made;
  made.plan.chosen_tool = arms[result.index].name;
  made.plan.adapter = learned.version > 0 ? "cues+experience" : "cues";
  for (std::size_t i = 0; i < arms.size(); ++i)
    made.plan.tool_probs[arms[i].name] = result.probabilities[i];
  made.confidence = result.confidence;
  made.statistics = statistics_of(arms, result, learned, epsilon);
  return made;
}

} // namespace hololoom
