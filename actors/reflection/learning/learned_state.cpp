#include <hololoom/actors/reflection/learning/learned_state.hpp>
#include <hololoom/actors/reflection/learning/metrics.hpp>
#include <hololoom/actors/reflection/learning/posterior.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace hololoom {

namespace {

/// Calls `forget` with the names that are used least, but not with `newest`.
template <class F>
void forget_some(const std::map<std::string, std::int64_t>& uses,
                 const std::string& newest, F forget) {
  std::vector<std::pair<std::int64_t, std::string>> names;
  for (const auto& [name, count] : uses)
    if (name != newest)
      names.emplace_back(count, name);
  auto last = names.begin() + most_names / 4;
  std::nth_element(names.begin(), last, names.end());
  for (auto i = names.begin(); i != last; ++i)
    forget(i->second);
}

void forget_tools(learned_state& state, const std::string& newest) {
  auto& metrics = state.metrics;
  forget_some(std::map{metrics.tool_usage_counts}, newest,
              [&](const std::string& tool) {
                metrics.tool_usage_counts.erase(tool);
                metrics.tool_success_rates.erase(tool);
                metrics.tool_avg_confidence.erase(tool);
                state.policy.tools.erase(tool);
              });
}

void forget_cards(reflection_metrics& metrics, const std::string& newest) {
  forget_some(std::map{metrics.pattern_usage_counts}, newest,
              [&](const std::string& card) {
                metrics.pattern_usage_counts.erase(card);
                metrics.pattern_success_rates.erase(card);
                metrics.pattern_avg_duration.erase(card);
              });
}

} // namespace

void count(learned_state& state, const outcome& x) {
  state.sequence += 1;
  count(state.metrics, x);
  count(state.policy.tools, x.tool, x.reward, x.success, x.discount);
  state.policy.version += 1;
  if (state.metrics.tool_usage_counts.size() > most_names)
    forget_tools(state, x.tool);
  if (state.metrics.pattern_usage_counts.size() > most_names)
    forget_cards(state.metrics, x.pattern);
}

void apply(learned_state& state, const adjustment& x) {
  state.adjustments += 1;
  state.analysed = x.analysed;
  for (const auto& [tool, doubt] : x.doubts)
    state.policy.tools[tool].beta += doubt;
  state.policy.epsilon = x.epsilon;
  if (x.preferred_card)
    state.policy.preferred_card = x.preferred_card;
}

} // namespace hololoom
