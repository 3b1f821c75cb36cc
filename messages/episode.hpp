#pragma once

#include <hololoom/messages/attributes.hpp>
#include <hololoom/messages/describe.hpp>
#include <hololoom/messages/spacetime.hpp>
#include <hololoom/messages/time.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace hololoom {

/// A person's feedback on an answer.
struct feedback {
  maybe<bool> helpful = {};
  /// In 1..5.
  maybe<double> rating = {};
  maybe<std::string> comment = {};

  static constexpr auto fields() {
    return members(member("helpful", &feedback::helpful),
                   member("rating", &feedback::rating),
                   member("comment", &feedback::comment));
  }
  bool operator==(const feedback&) const = default;
};

/// Which formula turned a weave and its feedback into a reward.
enum class reward_formula : std::uint8_t {
  blended = 0,   ///< Formula A: confidence, then halves of feedback.
  extracted = 1, ///< Formula B: the rating alone, or a weighted sum.
  given = 2,     ///< The caller gave the reward.
};

constexpr auto enumerators(reward_formula) {
  using e = reward_formula;
  return std::array{std::pair{e::blended, std::string_view{"blended"}},
                    std::pair{e::extracted, std::string_view{"extracted"}},
                    std::pair{e::given, std::string_view{"given"}}};
}

/// A weave, the feedback on it and its reward.
struct episode {
  /// Unique: an episode stored again under its id changes nothing.
  std::string id = {};
  spacetime woven = {};
  maybe<feedback> said = {};
  /// In 0..1.
  double reward = 0;
  reward_formula formula = reward_formula::extracted;
  /// Whether `reward` reached the success threshold.
  bool success = false;
  timestamp at = {};

  static constexpr auto fields() {
    return members(
      member("id", &episode::id), member("spacetime", &episode::woven),
      member("feedback", &episode::said), member("reward", &episode::reward),
      member("formula", &episode::formula),
      member("success", &episode::success), member("timestamp", &episode::at));
  }
  static constexpr std::array required{"spacetime", "reward"};
  bool operator==(const episode&) const = default;
};

/// Counters over the buffer's lifetime, with the keys of
/// `metrics_summary.json`.
struct reflection_metrics {
  std::int64_t total_cycles = 0;
  std::int64_t successful_cycles = 0;
  std::int64_t failed_cycles = 0;
  std::map<std::string, double> tool_success_rates = {};
  std::map<std::string, double> tool_avg_confidence = {};
  std::map<std::string, std::int64_t> tool_usage_counts = {};
  std::map<std::string, double> pattern_success_rates = {};
  /// Milliseconds.
  std::map<std::string, double> pattern_avg_duration = {};
  std::map<std::string, std::int64_t> pattern_usage_counts = {};
  /// Code points; the last 100 of each.
  std::vector<std::int64_t> successful_query_lengths = {};
  std::vector<std::int64_t> failed_query_lengths = {};
  timestamp last_updated = {};

  static constexpr auto fields() {
    using t = reflection_metrics;
    return members(
      member("total_cycles", &t::total_cycles),
      member("successful_cycles", &t::successful_cycles),
      member("failed_cycles", &t::failed_cycles),
      member("tool_success_rates", &t::tool_success_rates),
      member("tool_avg_confidence", &t::tool_avg_confidence),
      member("tool_usage_counts", &t::tool_usage_counts),
      member("pattern_success_rates", &t::pattern_success_rates),
      member("pattern_avg_duration", &t::pattern_avg_duration),
      member("pattern_usage_counts", &t::pattern_usage_counts),
      member("successful_query_lengths", &t::successful_query_lengths),
      member("failed_query_lengths", &t::failed_query_lengths),
      member("last_updated", &t::last_updated));
  }
  bool operator==(const reflection_metrics&) const = default;

  /// Share of successful cycles, 0 without any.
  double success_rate() const {
    return total_cycles == 0 ? 0.0
                             : static_cast<double>(successful_cycles)
                                 / static_cast<double>(total_cycles);
  }
};

/// The bandit's belief about one tool: a Beta(alpha, beta) over its reward.
struct tool_posterior {
  double alpha = 1;
  double beta = 1;
  std::int64_t pulls = 0;
  double total_reward = 0;
  std::int64_t successes = 0;
  std::int64_t failures = 0;

  static constexpr auto fields() {
    using t = tool_posterior;
    return members(
      member("alpha", &t::alpha), member("beta", &t::beta),
      member("pulls", &t::pulls), member("total_reward", &t::total_reward),
      member("successes", &t::successes), member("failures", &t::failures));
  }
  bool operator==(const tool_posterior&) const = default;

  double mean() const { return alpha / (alpha + beta); }
};

/// The learned policy, as the next weave uses it.
struct policy_snapshot {
  /// The number of episodes learned from; grows by one with each.
  std::int64_t version = 0;
  /// By tool; a tool without an entry has the prior Beta(1, 1).
  std::map<std::string, tool_posterior> tools = {};
  /// The exploration rate that learning signals ask for, in 0..0.3; without
  /// one, the config's holds.
  maybe<double> epsilon = {};
  /// The most successful card, once enough weaves tell.
  maybe<std::string> preferred_card = {};

  static constexpr auto fields() {
    using t = policy_snapshot;
    return members(member("version", &t::version), member("tools", &t::tools),
                   member("epsilon", &t::epsilon),
                   member("preferred_card", &t::preferred_card));
  }
  bool operator==(const policy_snapshot&) const = default;
};

enum class signal_type : std::uint8_t {
  bandit_update = 0,
  pattern_preference = 1,
  threshold_adjustment = 2,
};

constexpr auto enumerators(signal_type) {
  using e = signal_type;
  return std::array{
    std::pair{e::bandit_update, std::string_view{"bandit_update"}},
    std::pair{e::pattern_preference, std::string_view{"pattern_preference"}},
    std::pair{e::threshold_adjustment,
              std::string_view{"threshold_adjustment"}}};
}

/// A recommendation from an analysis of recent episodes.
struct learning_signal {
  signal_type type = signal_type::bandit_update;
  maybe<std::string> tool = {};
  maybe<std::string> pattern = {};
  maybe<double> reward = {};
  maybe<double> confidence_threshold = {};
  std::string recommendation = {};
  attributes evidence = {};
  /// In 0..1.
  double priority = 0.5;

  static constexpr auto fields() {
    using t = learning_signal;
    return members(member("signal_type", &t::type), member("tool", &t::tool),
                   member("pattern", &t::pattern), member("reward", &t::reward),
                   member("confidence_threshold", &t::confidence_threshold),
                   member("recommendation", &t::recommendation),
                   member("evidence", &t::evidence),
                   member("priority", &t::priority));
  }
  static constexpr std::array required{"signal_type"};
  bool operator==(const learning_signal&) const = default;
};

} // namespace hololoom

HOLOLOOM_INSPECTED_ONCE(hololoom::episode)
HOLOLOOM_INSPECTED_ONCE(hololoom::reflection_metrics)
HOLOLOOM_INSPECTED_ONCE(hololoom::policy_snapshot)
HOLOLOOM_INSPECTED_ONCE(hololoom::learning_signal)
