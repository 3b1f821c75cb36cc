#include <hololoom/actors/reflection/learning/consolidate.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace hololoom {

namespace {

constexpr double like_rewards = 0.1;
constexpr double low_reward = 0.2;
constexpr std::size_t newest_kept = 100;

merger merge(const std::vector<const sample*>& group) {
  merger result;
  result.stays = group.back()->sequence;
  auto sum = 0.0;
  auto squares = 0.0;
  for (auto x : group) {
    auto n = static_cast<double>(x->count);
    result.count += x->count;
    sum += n * x->what.reward;
    squares += n * x->what.reward * x->what.reward;
    if (x != group.back())
      result.go.push_back(x->sequence);
  }
  auto n = static_cast<double>(result.count);
  result.mean_reward = sum / n;
  result.reward_deviation = std::sqrt(
    std::max(0.0, squares / n - result.mean_reward * result.mean_reward));
  return result;
}

std::vector<merger> mergers(const std::vector<sample>& episodes) {
  std::map<std::pair<std::string, std::string>, std::vector<const sample*>>
    groups;
  for (const auto& x : episodes)
    groups[{x.what.tool, x.what.pattern}].push_back(&x);
  std::vector<merger> result;
  for (const auto& [key, group] : groups) {
    if (group.size() < 3)
      continue;
    auto merged = merge(group);
    if (merged.reward_deviation < like_rewards)
      result.push_back(std::move(merged));
  }
  return result;
}

maybe<std::string> compare_queries(const std::vector<sample>& episodes) {
  double sums[2] = {0, 0};
  double counts[2] = {0, 0};
  for (const auto& x : episodes) {
    sums[x.what.success] += static_cast<double>(x.what.query_length);
    counts[x.what.success] += 1;
  }
  if (counts[0] == 0 || counts[1] == 0)
    return nothing;
  return std::string{sums[1] / counts[1] < sums[0] / counts[0] ? "shorter"
                                                               : "longer"};
}

double diversity(const std::vector<sample>& episodes) {
  auto n = std::min<std::size_t>(episodes.size(), 50);
  if (n == 0)
    return 0;
  std::set<std::string> tools;
  for (auto i = episodes.size() - n; i < episodes.size(); ++i)
    tools.insert(episodes[i].what.tool);
  return static_cast<double>(tools.size()) / static_cast<double>(n);
}

} // namespace

consolidation_plan plan_consolidation(const std::vector<sample>& episodes,
                                      std::int64_t capacity) {
  consolidation_plan result;
  auto size = static_cast<std::int64_t>(episodes.size());
  std::set<std::int64_t> gone;
  if (size >= 10)
    result.mergers = mergers(episodes);
  for (const auto& x : result.mergers)
    gone.insert(x.go.begin(), x.go.end());
  result.report.groups = static_cast<std::int64_t>(result.mergers.size());
  result.report.merged = static_cast<std::int64_t>(gone.size());
  if (size >= 20)
    result.report.successful_queries = compare_queries(episodes);
  result.report.tool_diversity = diversity(episodes);
  if (5 * size >= 4 * capacity && episodes.size() > newest_kept) {
    for (std::size_t i = 0; i < episodes.size() - newest_kept; ++i) {
      const auto& x = episodes[i];
      if (x.what.reward < low_reward && gone.insert(x.sequence).second)
        result.pruned.push_back(x.sequence);
    }
  }
  result.report.pruned = static_cast<std::int64_t>(result.pruned.size());
  result.report.final_episode_count =
    size - static_cast<std::int64_t>(gone.size());
  return result;
}

} // namespace hololoom
