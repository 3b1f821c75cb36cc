#include <hololoom/actors/reflection/learning/consolidate.hpp>
#include <hololoom/messages/json/value.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace hololoom {

namespace {

constexpr double like_rewards = 0.1;
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

std::vector<merger> mergers(const std::vector<candidate>& episodes) {
  std::map<std::tuple<std::string, std::string, std::uint64_t>,
           std::vector<const sample*>>
    groups;
  for (const auto& x : episodes)
    groups[{x.what.what.tool, x.what.what.pattern, x.text}].push_back(&x.what);
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

maybe<std::string> compare_queries(const std::vector<candidate>& episodes) {
  double sums[2] = {0, 0};
  double counts[2] = {0, 0};
  for (const auto& x : episodes) {
    const auto& outcome = x.what.what;
    sums[outcome.success] += static_cast<double>(outcome.query_length);
    counts[outcome.success] += 1;
  }
  if (counts[0] == 0 || counts[1] == 0)
    return nothing;
  return std::string{sums[1] / counts[1] < sums[0] / counts[0] ? "shorter"
                                                               : "longer"};
}

double diversity(const std::vector<candidate>& episodes) {
  auto n = std::min<std::size_t>(episodes.size(), 50);
  if (n == 0)
    return 0;
  std::set<std::string> tools;
  for (auto i = episodes.size() - n; i < episodes.size(); ++i)
    tools.insert(episodes[i].what.what.tool);
  return static_cast<double>(tools.size()) / static_cast<double>(n);
}

/// What a consolidation has noted in the metadata, or null.
const json* merged_note(const episode& x) {
  const auto& values = x.woven.metadata.values();
  auto note = values.find("merged");
  if (note == values.end() || !note->is_object())
    return nullptr;
  auto count = note->find("count");
  return count != note->end() && count->is_number_integer() ? &*count : nullptr;
}

} // namespace

std::int64_t merged_count(const episode& x) {
  auto count = merged_note(x);
  return count ? std::max<std::int64_t>(1, count->get<std::int64_t>()) : 1;
}

bool may_be_merged(const episode& x) {
  return merged_note(x) || !x.woven.metadata.has("merged");
}

std::string said_by(const episode& x) {
  std::string result;
  // With its length, so that no two lists of texts are the same in a row.
  auto add = [&](std::string_view text) {
    result.append(std::to_string(text.size())).append(":").append(text);
  };
  const auto& woven = x.woven;
  add(woven.query_text);
  add(woven.response);
  add(json_text(woven.context_summary));
  add(json_text(woven.sources_used));
  add(json_text(woven.user_feedback));
  add(json_text(x.said));
  for (const auto& [key, value] : woven.metadata.values().items())
    if (key != "merged") {
      add(key);
      add(to_text(value));
    }
  return result;
}

std::uint64_t text_digest(const episode& x) {
  return std::hash<std::string>{}(said_by(x));
}

void keep_equal(consolidation_plan& plan, const episode_finder& find) {
  auto differs = [&](const merger& x) {
    const auto* stays = find(x.stays);
    if (!stays)
      return true;
    auto said = said_by(*stays);
    return !std::all_of(x.go.begin(), x.go.end(), [&](std::int64_t sequence) {
      const auto* goes = find(sequence);
      return goes && said_by(*goes) == said;
    });
  };
  for (const auto& x : plan.mergers)
    if (differs(x)) {
      auto kept = std::ssize(x.go);
      plan.report.groups -= 1;
      plan.report.merged -= kept;
      plan.report.final_episode_count += kept;
    }
  std::erase_if(plan.mergers, differs);
}

consolidation_plan plan_consolidation(const std::vector<candidate>& episodes,
                                      std::int64_t capacity,
                                      double prune_below) {
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
      const auto& x = episodes[i].what;
      if (x.what.reward < prune_below && gone.insert(x.sequence).second)
        result.pruned.push_back(x.sequence);
    }
  }
  result.report.pruned = static_cast<std::int64_t>(result.pruned.size());
  result.report.final_episode_count =
    size - static_cast<std::int64_t>(gone.size());
  return result;
}

} // namespace hololoom
