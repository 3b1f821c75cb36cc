#include <hololoom/actors/reflection/learning/metrics.hpp>

#include <vector>

namespace hololoom {

namespace {

void add_to_mean(double& mean, std::int64_t count, double x) {
  auto n = static_cast<double>(count);
  mean = (mean * (n - 1.0) + x) / n;
}

void remember(std::vector<std::int64_t>& lengths, std::int64_t length) {
  if (lengths.size() >= query_length_history)
    lengths.erase(lengths.begin());
  lengths.push_back(length);
}

} // namespace

void count(reflection_metrics& metrics, const outcome& x) {
  auto succeeded = x.success ? 1.0 : 0.0;
  metrics.total_cycles += 1;
  (x.success ? metrics.successful_cycles : metrics.failed_cycles) += 1;
  auto uses = ++metrics.tool_usage_counts[x.tool];
  add_to_mean(metrics.tool_success_rates[x.tool], uses, succeeded);
  add_to_mean(metrics.tool_avg_confidence[x.tool], uses, x.confidence);
  auto seen = ++metrics.pattern_usage_counts[x.pattern];
  add_to_mean(metrics.pattern_success_rates[x.pattern], seen, succeeded);
  // Rows of an older version have durations as they came.
  add_to_mean(metrics.pattern_avg_duration[x.pattern], seen,
              countable(x.duration_ms));
  remember(x.success ? metrics.successful_query_lengths
                     : metrics.failed_query_lengths,
           x.query_length);
  metrics.last_updated = x.at;
}

} // namespace hololoom
