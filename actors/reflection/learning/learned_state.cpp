#include <hololoom/actors/reflection/learning/learned_state.hpp>
#include <hololoom/actors/reflection/learning/metrics.hpp>
#include <hololoom/actors/reflection/learning/posterior.hpp>

namespace hololoom {

void count(learned_state& state, const outcome& x) {
  state.sequence += 1;
  count(state.metrics, x);
  count(state.policy.tools, x.tool, x.reward, x.success, x.discount);
  state.policy.version += 1;
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
