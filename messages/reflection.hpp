#pragma once

#include <hololoom/messages/episode.hpp>
#include <hololoom/messages/errc.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// The messages of the reflection buffer.

namespace hololoom {

/// Store an episode. Answered once it is on disk.
struct reflect_request {
  /// Names the episode: a retry under the same id changes nothing and gets the
  /// same answer. Empty: the buffer makes one.
  std::string episode_id;
  spacetime woven;
  maybe<feedback> said;
  /// In 0..1; without one, it is derived from `woven` and `said`.
  maybe<double> reward;

  static constexpr auto fields() {
    using t = reflect_request;
    return std::tuple{
      member("episode_id", &t::episode_id), member("spacetime", &t::woven),
      member("feedback", &t::said), member("reward", &t::reward)};
  }
  bool operator==(const reflect_request&) const = default;
};

/// Store an episode for a spacetime that the buffer knows by id.
struct reflect_on_request {
  /// As in `reflect_request`.
  std::string episode_id;
  std::string spacetime_id;
  maybe<feedback> said;
  maybe<double> reward;

  static constexpr auto fields() {
    using t = reflect_on_request;
    return std::tuple{member("episode_id", &t::episode_id),
                      member("spacetime_id", &t::spacetime_id),
                      member("feedback", &t::said),
                      member("reward", &t::reward)};
  }
  bool operator==(const reflect_on_request&) const = default;
};

/// Store an exported or foreign episode unchanged, with its own time and
/// reward.
struct import_request {
  /// Its id may be empty, as in `reflect_request`.
  episode made;

  static constexpr auto fields() {
    return std::tuple{member("episode", &import_request::made)};
  }
  bool operator==(const import_request&) const = default;
};

/// The episode is on disk.
struct reflect_ack {
  std::string episode_id;
  /// Its place in the journal, from 1.
  std::int64_t sequence = 0;
  double reward = 0;
  reward_formula formula = reward_formula::extracted;
  bool success = false;
  /// False only when the loom has no data directory and stores in memory alone.
  bool durable = true;

  static constexpr auto fields() {
    using t = reflect_ack;
    return std::tuple{
      member("episode_id", &t::episode_id), member("sequence", &t::sequence),
      member("reward", &t::reward),         member("formula", &t::formula),
      member("success", &t::success),       member("durable", &t::durable)};
  }
  bool operator==(const reflect_ack&) const = default;
};

/// Remember a spacetime for a later reflection by its id. Answered once it is
/// on disk.
struct record_request {
  spacetime woven;

  static constexpr auto fields() {
    return std::tuple{member("spacetime", &record_request::woven)};
  }
  bool operator==(const record_request&) const = default;
};

struct record_ack {
  std::string spacetime_id;

  static constexpr auto fields() {
    return std::tuple{member("spacetime_id", &record_ack::spacetime_id)};
  }
  bool operator==(const record_ack&) const = default;
};

struct metrics_query {
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const metrics_query&) const = default;
};

/// Answered with the policy learned so far.
struct policy_query {
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const policy_query&) const = default;
};

/// Answered with the policy learned so far. From then on, the sender gets a
/// `policy_snapshot` after each commit that changed it, until the sender ends.
struct policy_subscription {
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const policy_subscription&) const = default;
};

/// Answered with episodes, in the order in which they were stored.
struct episodes_query {
  /// Skips the episodes up to this sequence number.
  std::int64_t after = 0;
  std::int64_t limit = 100;

  static constexpr auto fields() {
    using t = episodes_query;
    return std::tuple{member("after", &t::after), member("limit", &t::limit)};
  }
  bool operator==(const episodes_query&) const = default;
};

struct episode_page {
  std::vector<episode> episodes;
  /// The sequence number of the last one: the next query's `after`.
  std::int64_t last = 0;

  static constexpr auto fields() {
    using t = episode_page;
    return std::tuple{member("episodes", &t::episodes),
                      member("last", &t::last)};
  }
  bool operator==(const episode_page&) const = default;
};

/// Analyse the recent episodes.
struct learn_request {
  /// Even if the last analysis was a moment ago.
  bool force = false;
  /// Apply the signals to the policy.
  bool apply = true;

  static constexpr auto fields() {
    using t = learn_request;
    return std::tuple{member("force", &t::force), member("apply", &t::apply)};
  }
  bool operator==(const learn_request&) const = default;
};

struct learned {
  std::vector<learning_signal> signals;

  static constexpr auto fields() {
    return std::tuple{member("signals", &learned::signals)};
  }
  bool operator==(const learned&) const = default;
};

/// Among the episodes that the buffer holds, merge those that say the same and
/// prune those that taught nothing. The learned policy keeps their effect.
struct consolidate_request {
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const consolidate_request&) const = default;
};

/// The outcome of a consolidation.
struct consolidation_report {
  millis took{0};
  /// Groups of one tool and pattern whose rewards hardly differ.
  std::int64_t groups = 0;
  /// Episodes merged into another of their group.
  std::int64_t merged = 0;
  /// Episodes with a low reward, older than the newest 100.
  std::int64_t pruned = 0;
  /// "shorter" or "longer": the queries that succeed, beside those that fail;
  /// null while there are too few episodes.
  maybe<std::string> successful_queries;
  /// Distinct tools among the last 50, as a share of these.
  double tool_diversity = 0;
  std::int64_t final_episode_count = 0;
  double success_rate = 0;

  static constexpr auto fields() {
    using t = consolidation_report;
    return std::tuple{member("duration_ms", &t::took),
                      member("groups", &t::groups),
                      member("merged", &t::merged),
                      member("pruned", &t::pruned),
                      member("successful_queries", &t::successful_queries),
                      member("tool_diversity", &t::tool_diversity),
                      member("final_episode_count", &t::final_episode_count),
                      member("success_rate", &t::success_rate)};
  }
  bool operator==(const consolidation_report&) const = default;
};

/// Commit the queued writes and write `metrics_summary.json`. With `seal`,
/// later writes are refused.
struct flush_request {
  bool seal = false;

  static constexpr auto fields() {
    return std::tuple{member("seal", &flush_request::seal)};
  }
  bool operator==(const flush_request&) const = default;
};

/// Sent to the sender of a flush request while the flush makes progress.
struct flush_progress {
  std::int64_t written = 0;
  std::int64_t queued = 0;

  static constexpr auto fields() {
    using t = flush_progress;
    return std::tuple{member("written", &t::written),
                      member("queued", &t::queued)};
  }
  bool operator==(const flush_progress&) const = default;
};

struct flush_ack {
  /// Episodes that this flush committed.
  std::int64_t episodes = 0;
  /// The journal's last sequence number.
  std::int64_t sequence = 0;

  static constexpr auto fields() {
    using t = flush_ack;
    return std::tuple{member("episodes", &t::episodes),
                      member("sequence", &t::sequence)};
  }
  bool operator==(const flush_ack&) const = default;
};

/// The buffer's health and load.
struct reflection_status {
  bool degraded = false;
  /// Why it is degraded, and what to do; empty when it is not.
  std::string problem;
  std::int64_t queued = 0;
  std::int64_t stored = 0;
  std::int64_t late_stores = 0;
  bool durable = true;
  /// Time spent so far on opening the journal; null once it is open.
  maybe<millis> opening;

  static constexpr auto fields() {
    using t = reflection_status;
    return std::tuple{
      member("degraded", &t::degraded),       member("problem", &t::problem),
      member("queued", &t::queued),           member("stored", &t::stored),
      member("late_stores", &t::late_stores), member("durable", &t::durable),
      member("opening_ms", &t::opening)};
  }
  bool operator==(const reflection_status&) const = default;
};

struct reflection_status_query {
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const reflection_status_query&) const = default;
};

/// The reflection buffer. Requests that write answer `errc::overloaded` past
/// the queue's bound, `errc::sealed` after the final flush, and the storage
/// errors (`disk_full`, `read_only`, `io_error`) when nothing was stored.
using reflection_actor = caf::typed_actor<
  answers<reflect_ack, reflect_request>,
  answers<reflect_ack, reflect_on_request>,
  answers<reflect_ack, import_request>, answers<record_ack, record_request>,
  answers<reflection_metrics, metrics_query>,
  answers<policy_snapshot, policy_query>,
  answers<policy_snapshot, policy_subscription>,
  answers<episode_page, episodes_query>, answers<learned, learn_request>,
  answers<consolidation_report, consolidate_request>,
  answers<flush_ack, flush_request>,
  answers<reflection_status, reflection_status_query>>;

} // namespace hololoom
