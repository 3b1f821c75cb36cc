#include <hololoom/actors/reflection/options.hpp>

#include <string>

namespace hololoom {

caf::error check(const reflection_options& x) {
  struct rule {
    bool met;
    const char* key;
    const char* expected;
  };
  const rule rules[] = {
    {x.capacity >= 1, "capacity", "at least 1"},
    {x.learning_window >= 1, "learning_window", "at least 1"},
    {x.success_threshold >= 0.0 && x.success_threshold <= 1.0,
     "success_threshold", "in 0..1"},
    {x.formula != reward_formula::given, "formula", "blended or extracted"},
    {x.discount > 0.0 && x.discount <= 1.0, "discount",
     "more than 0 and at most 1"},
    {x.weights.time_budget.count() > 0.0, "weights.time_budget_ms",
     "more than 0"},
    {x.queue_limit >= 1, "queue_limit", "at least 1"},
    {x.queue_bytes >= 1, "queue_bytes", "at least 1"},
    {x.retain_episodes >= 0 && !(x.retain_age.count() < 0.0),
     "retain_episodes and retain_age_ms", "0 or more"},
    {x.retain_spacetimes >= 0, "retain_spacetimes", "0 or more"},
    {x.summary_interval.count() > 0.0, "summary_interval_ms", "more than 0"},
    {x.analysis_interval.count() >= 0.0, "analysis_interval_ms", "0 or more"},
    {x.consolidation_interval.count() >= 0.0, "consolidation_interval_ms",
     "0 or more"},
    {x.prune_below >= 0.0 && x.prune_below <= 1.0, "prune_below", "in 0..1"},
    {x.retry_interval.count() > 0.0, "retry_interval_ms", "more than 0"},
    {x.stall_limit.count() > 0.0, "stall_limit_ms", "more than 0"},
    {x.lock_wait.count() >= 0.0, "lock_wait_ms", "0 or more"},
  };
  for (const auto& r : rules)
    if (!r.met)
      return failure(errc::invalid_config, std::string{"reflection."} + r.key
                                             + " must be " + r.expected);
  return {};
}

} // namespace hololoom
