#include <hololoom/actors/reflection/learning/reward.hpp>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

namespace hololoom {

namespace {

double unit(double x) {
  return std::isfinite(x) ? std::clamp(x, 0.0, 1.0) : 0.0;
}

/// 1 when instant, 0 at the budget, falling to -0.5 at twice the budget.
double efficiency(double duration, double budget) {
  if (duration <= budget)
    return 1.0 - duration / budget;
  return -0.5 * std::min((duration - budget) / budget, 1.0);
}

} // namespace

double rating_reward(double rating) {
  return std::clamp(rating / 5.0 * 2.0 - 1.0, -1.0, 1.0);
}

double blended_reward(const spacetime& woven, const maybe<feedback>& said) {
  auto result = unit(woven.confidence);
  if (!woven.trace.errors.empty())
    result *= 0.3;
  if (!woven.trace.warnings.empty())
    result *= 0.8;
  if (said && said->helpful)
    result = 0.5 * result + 0.5 * (*said->helpful ? 1.0 : 0.0);
  if (said && said->rating)
    result = 0.5 * result + 0.5 * (*said->rating / 5.0);
  if (woven.quality_score)
    result = 0.7 * result + 0.3 * unit(*woven.quality_score);
  return unit(result);
}

double extracted_reward(const spacetime& woven, const maybe<feedback>& said,
                        const reward_weights& weights) {
  if (said && said->rating)
    return rating_reward(*said->rating);
  if (said && said->helpful)
    return rating_reward(*said->helpful ? 5.0 : 0.0);
  const auto& trace = woven.trace;
  auto confidence = unit(woven.confidence);
  auto quality = woven.quality_score ? unit(*woven.quality_score) : confidence;
  auto duration = trace.duration.count();
  if (!std::isfinite(duration))
    duration = 0;
  auto budget = weights.time_budget.count();
  auto result =
    weights.base * confidence + weights.quality * quality
    + weights.efficiency * efficiency(duration, budget)
    - weights.error_penalty * static_cast<double>(trace.errors.size())
    - weights.warning_penalty * static_cast<double>(trace.warnings.size());
  if (duration > 2.0 * budget)
    result -= weights.timeout_penalty;
  return std::clamp(result, -1.0, 1.0);
}

double normalised(double raw) {
  return (raw + 1.0) / 2.0;
}

caf::error check_feedback(const maybe<feedback>& said,
                          const maybe<double>& reward) {
  auto out_of = [](const std::string& name, double x, const char* range) {
    std::ostringstream text;
    if (std::isfinite(x))
      text << x;
    else
      text << "not a finite number";
    return failure(errc::invalid_feedback, name + " is " + text.str()
                                             + "; it must be a number in "
                                             + range);
  };
  if (said && said->rating) {
    auto rating = *said->rating;
    if (!std::isfinite(rating) || rating < 1.0 || rating > 5.0)
      return out_of("rating", rating, "1..5");
  }
  if (reward && (!std::isfinite(*reward) || *reward < 0.0 || *reward > 1.0))
    return out_of("reward", *reward, "0..1");
  return {};
}

} // namespace hololoom
