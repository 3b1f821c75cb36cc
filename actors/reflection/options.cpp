#include <hololoom/actors/reflection/options.hpp>

#include <cmath>

namespace hololoom {

namespace {

caf::error wrong(const char* key, const char* expected) {
  return failure(errc::invalid_config,
                 std::string{"reflection."} + key + " must be " + expected);
}

bool in_unit(double x) {
  return x >= 0.0 && x <= 1.0;
}

} // namespace

caf::error check(const reflection_options& options) {
  if (options.capacity < 1)
    return wrong("capacity", "at least 1");
  if (options.learning_window < 1)
    return wrong("learning_window", "at least 1");
  if (!in_unit(options.success_threshold))
    return wrong("success_threshold", "in 0..1");
  if (options.formula == reward_formula::given)
    return wrong("formula", "blended or extracted");
  if (!(options.discount > 0.0 && options.discount <= 1.0))
    return wrong("discount", "more than 0 and at most 1");
  if (!(options.weights.time_budget.count() > 0.0))
    return wrong("weights.time_budget_ms", "more than 0");
  if (options.queue_limit < 1)
    return wrong("queue_limit", "at least 1");
  if (options.retain_episodes < 0 || options.retain_age.count() < 0.0)
    return wrong("retain_episodes and retain_age_ms", "0 or more");
  if (options.retain_spacetimes < 0)
    return wrong("retain_spacetimes", "0 or more");
  if (!(options.summary_interval.count() > 0.0))
    return wrong("summary_interval_ms", "more than 0");
  if (!(options.analysis_interval.count() >= 0.0))
    return wrong("analysis_interval_ms", "0 or more");
  if (!(options.consolidation_interval.count() >= 0.0))
    return wrong("consolidation_interval_ms", "0 or more");
  if (!(options.retry_interval.count() > 0.0))
    return wrong("retry_interval_ms", "more than 0");
  if (!(options.stall_limit.count() > 0.0))
    return wrong("stall_limit_ms", "more than 0");
  if (!(options.lock_wait.count() >= 0.0))
    return wrong("lock_wait_ms", "0 or more");
  return {};
}

} // namespace hololoom
