#include <hololoom/actors/reflection/learning/posterior.hpp>

#include <algorithm>

namespace hololoom {

void count(tool_posterior& x, double reward, bool success) {
  auto r = std::clamp(reward, 0.0, 1.0);
  x.alpha += r;
  x.beta += 1.0 - r;
  x.pulls += 1;
  x.total_reward += r;
  (success ? x.successes : x.failures) += 1;
}

void fade(tool_posterior& x, double discount) {
  x.alpha = 1.0 + discount * (x.alpha - 1.0);
  x.beta = 1.0 + discount * (x.beta - 1.0);
}

void count(std::map<std::string, tool_posterior>& tools,
           const std::string& tool, double reward, bool success,
           double discount) {
  if (discount < 1.0)
    for (auto& [name, posterior] : tools)
      fade(posterior, discount);
  count(tools[tool], reward, success);
}

} // namespace hololoom
