#include <hololoom/actors/reflection/learning/learning.hpp>
#include <hololoom/messages/json/value.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace hololoom {

namespace {

constexpr double doubt_per_failure = 0.1;
constexpr double epsilon_base = 0.1;
constexpr double epsilon_step = 0.05;
constexpr double epsilon_cap = 0.3;
constexpr double low_entropy = 0.5;

/// The sums over a group of samples.
struct sums {
  std::int64_t count = 0;
  std::int64_t failures = 0;
  double reward = 0;
  double squared = 0;
  double duration_ms = 0;
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();

  void add(const sample& x) {
    auto n = static_cast<double>(x.count);
    auto r = x.what.reward;
    count += x.count;
    failures += x.what.success ? 0 : x.count;
    reward += n * r;
    squared += n * r * r;
    duration_ms += n * x.what.duration_ms;
    least = std::min(least, r);
    most = std::max(most, r);
  }

  double mean() const { return reward / static_cast<double>(count); }

  double mean_duration_s() const {
    return duration_ms / static_cast<double>(count) / 1000.0;
  }

  /// The standard deviation of the population.
  double deviation() const {
    auto m = mean();
    return std::sqrt(
      std::max(0.0, squared / static_cast<double>(count) - m * m));
  }
};

using groups = std::map<std::string, sums>;

learning_signal bandit_update(const std::string& tool, const sums& x) {
  learning_signal result;
  result.type = signal_type::bandit_update;
  result.tool = tool;
  result.reward = x.mean();
  result.recommendation = "update the bandit's belief in " + tool;
  result.evidence.values() = {{"sample_count", x.count},
                              {"avg_reward", x.mean()},
                              {"std_reward", x.deviation()},
                              {"min_reward", x.least},
                              {"max_reward", x.most}};
  result.priority = 0.8;
  return result;
}

void prefer_pattern(const groups& patterns,
                    std::vector<learning_signal>& signals) {
  auto scores = json::object();
  std::string best;
  auto best_score = -std::numeric_limits<double>::infinity();
  for (const auto& [name, x] : patterns) {
    if (x.count < 5)
      continue;
    auto score = pattern_score(x.mean(), x.mean_duration_s());
    scores[name] = score;
    if (score > best_score) {
      best_score = score;
      best = name;
    }
  }
  if (scores.empty())
    return;
  learning_signal result;
  result.type = signal_type::pattern_preference;
  result.pattern = best;
  result.reward = patterns.at(best).mean();
  result.recommendation = "prefer " + best;
  result.evidence.values() = {{"pattern_scores", scores},
                              {"best_pattern", best},
                              {"best_score", best_score}};
  result.priority = 0.6;
  signals.push_back(std::move(result));
}

learning_signal less_trust(const std::string& tool, const sums& x) {
  learning_signal result;
  result.type = signal_type::threshold_adjustment;
  result.tool = tool;
  result.recommendation = "trust " + tool + " less";
  result.evidence.values() = {
    {"failure_rate",
     static_cast<double>(x.failures) / static_cast<double>(x.count)},
    {"failure_count", x.failures},
    {"total_count", x.count}};
  result.priority = 0.7;
  return result;
}

void explore_more(const groups& tools, std::int64_t total,
                  std::vector<learning_signal>& signals) {
  std::vector<std::int64_t> counts;
  auto distribution = json::object();
  for (const auto& [name, x] : tools) {
    counts.push_back(x.count);
    distribution[name] = x.count;
  }
  auto entropy = normalised_entropy(counts);
  if (entropy >= low_entropy)
    return;
  learning_signal result;
  result.type = signal_type::threshold_adjustment;
  result.recommendation = "increase exploration";
  result.evidence.values() = {{"entropy", entropy},
                              {"unique_tools", counts.size()},
                              {"total_samples", total},
                              {"tool_distribution", distribution}};
  result.priority = 0.5;
  signals.push_back(std::move(result));
}

} // namespace

bool enough_to_analyse(const std::vector<sample>& window) {
  std::int64_t count = 0;
  for (const auto& x : window)
    count += x.count;
  return count >= least_to_analyse;
}

double normalised_entropy(const std::vector<std::int64_t>& counts) {
  if (counts.size() < 2)
    return 0.0;
  auto total = 0.0;
  for (auto n : counts)
    total += static_cast<double>(n);
  auto result = 0.0;
  for (auto n : counts) {
    auto p = static_cast<double>(n) / total;
    if (p > 0.0)
      result -= p * std::log(p);
  }
  return result / std::log(static_cast<double>(counts.size()));
}

double pattern_score(double mean_reward, double mean_duration_s) {
  return mean_reward / (1.0 + 0.1 * mean_duration_s);
}

std::vector<learning_signal> analyse(const std::vector<sample>& window) {
  groups tools;
  groups patterns;
  sums all;
  for (const auto& x : window) {
    tools[x.what.tool].add(x);
    patterns[x.what.pattern].add(x);
    all.add(x);
  }
  std::vector<learning_signal> result;
  if (!enough_to_analyse(window))
    return result;
  for (const auto& [name, x] : tools)
    if (x.count >= 3)
      result.push_back(bandit_update(name, x));
  prefer_pattern(patterns, result);
  if (all.failures >= 5)
    for (const auto& [name, x] : tools)
      if (x.count >= 5 && 2 * x.failures > x.count)
        result.push_back(less_trust(name, x));
  if (all.count >= 20)
    explore_more(tools, all.count, result);
  return result;
}

adjustment adjust(const std::vector<learning_signal>& signals,
                  const std::vector<sample>& window,
                  const learned_state& learned) {
  adjustment result;
  result.analysed = std::max(learned.analysed, learned.sequence);
  result.at = now();
  result.epsilon = learned.policy.epsilon;
  std::map<std::string, std::int64_t> new_failures;
  std::int64_t episodes = 0;
  auto anything_new = false;
  for (const auto& x : window) {
    episodes += x.count;
    if (x.sequence <= learned.analysed)
      continue;
    anything_new = true;
    if (!x.what.success)
      new_failures[x.what.tool] += x.count;
  }
  if (!anything_new)
    return result;
  auto narrow = false;
  for (const auto& x : signals) {
    if (x.type == signal_type::pattern_preference)
      result.preferred_card = x.pattern;
    if (x.type != signal_type::threshold_adjustment)
      continue;
    if (!x.tool)
      narrow = true;
    else if (auto n = new_failures[*x.tool]; n > 0)
      result.doubts[*x.tool] = doubt_per_failure * static_cast<double>(n);
  }
  auto epsilon =
    learned.policy.epsilon ? *learned.policy.epsilon : epsilon_base;
  if (narrow)
    result.epsilon = std::min(epsilon_cap, epsilon + epsilon_step);
  else if (episodes >= 20 && learned.policy.epsilon) {
    epsilon -= epsilon_step;
    result.epsilon = nothing;
    if (epsilon > epsilon_base + epsilon_step / 2)
      result.epsilon = epsilon;
  }
  return result;
}

} // namespace hololoom
