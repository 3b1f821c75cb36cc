#pragma once

#include <hololoom/actors/reflection/learning/reward.hpp>
#include <hololoom/messages/episode.hpp>

#include <cstdint>
#include <string>

namespace hololoom {

/// The configuration of the reflection buffer. Durations are in milliseconds.
struct reflection_options {
  /// The directory of `journal.db` and `metrics_summary.json`. Empty: in memory
  /// only, and acknowledgements have `durable: false`.
  std::string directory = {};
  /// Episodes held in memory: the newest ones.
  std::int64_t capacity = 1000;
  /// Episodes that an analysis covers: the newest ones.
  std::int64_t learning_window = 100;
  /// An episode is a success from this reward on, in 0..1.
  double success_threshold = 0.6;
  /// How a reward is derived when none is given: blended or extracted.
  reward_formula formula = reward_formula::extracted;
  /// The weights of the extracted reward.
  reward_weights weights = {};
  /// The share of earlier evidence that each new episode leaves, in (0, 1]. 1:
  /// all of it; 0.995 adapts to a changing world.
  double discount = 1.0;
  /// Writes that may wait for the disk; further ones are refused.
  std::int64_t queue_limit = 10'000;
  /// Bytes of the waiting writes' texts, as JSON, from which on further writes
  /// are refused. One that is longer by itself is taken if it need not wait.
  std::int64_t queue_bytes = 67'108'864;
  /// Episodes kept on disk, the newest ones; 0: all. What was learned from
  /// dropped episodes is kept.
  std::int64_t retain_episodes = 1'000'000;
  /// Episodes older than this are dropped from the disk; 0: none.
  millis retain_age{0};
  /// Spacetimes kept on disk for a later reflection; 0: all.
  std::int64_t retain_spacetimes = 10'000;
  /// Write a JSON file for each episode, beside the journal.
  bool episode_files = false;
  /// How often `metrics_summary.json` is written while the metrics change.
  millis summary_interval{30'000};
  /// How often recent episodes are analysed; 0: only on request.
  millis analysis_interval{300'000};
  /// How often the texts of episodes that say the same as a newer one are
  /// removed; 0: only on request. A loom has a background worker for it.
  millis consolidation_interval{0};
  /// A consolidation removes the texts of old episodes with a reward below
  /// this, too, once the memory is nearly full; 0: of none.
  double prune_below = 0;
  /// How often a disk that failed is tried again.
  millis retry_interval{1'000};
  /// How long the disk may hang before the requests that wait for it fail.
  millis stall_limit{10'000};
  /// How long to wait for a predecessor in this process to release the journal.
  millis lock_wait{5'000};

  static constexpr auto fields() {
    using t = reflection_options;
    return members(
      member("directory", &t::directory), member("capacity", &t::capacity),
      member("learning_window", &t::learning_window),
      member("success_threshold", &t::success_threshold),
      member("formula", &t::formula), member("weights", &t::weights),
      member("discount", &t::discount), member("queue_limit", &t::queue_limit),
      member("queue_bytes", &t::queue_bytes),
      member("retain_episodes", &t::retain_episodes),
      member("retain_age_ms", &t::retain_age),
      member("retain_spacetimes", &t::retain_spacetimes),
      member("episode_files", &t::episode_files),
      member("summary_interval_ms", &t::summary_interval),
      member("analysis_interval_ms", &t::analysis_interval),
      member("consolidation_interval_ms", &t::consolidation_interval),
      member("prune_below", &t::prune_below),
      member("retry_interval_ms", &t::retry_interval),
      member("stall_limit_ms", &t::stall_limit),
      member("lock_wait_ms", &t::lock_wait));
  }
  bool operator==(const reflection_options&) const = default;
};

/// @returns `errc::invalid_config` with the key that is out of its range.
caf::error check(const reflection_options& x);

} // namespace hololoom
