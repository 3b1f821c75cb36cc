#pragma once

#include <hololoom/messages/episode.hpp>
#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/flush.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// The messages of the reflection buffer.

namespace hololoom {

/// Store an episode. Answered once it is on disk.
struct reflect_request {
  /// Names the episode: a retry under the same id changes nothing and gets the
  /// same answer, with `duplicate`. Another content under a known id is refused
  /// with `errc::id_conflict`. The same content is: an equal spacetime (but for
  /// its `created_at`, the trace's `start_time` and `end_time`, the metadata's
  /// `merged` and the order of free-form keys), equal feedback, and an equal
  /// reward if one is given. The time of the request does not count. Empty: the
  /// buffer makes an id.
  std::string episode_id = {};
  spacetime woven = {};
  maybe<feedback> said = {};
  /// In 0..1; without one, it is derived from `woven` and `said`.
  maybe<double> reward = {};

  static constexpr auto fields() {
    using t = reflect_request;
    return members(member("episode_id", &t::episode_id),
                   member("spacetime", &t::woven), member("feedback", &t::said),
                   member("reward", &t::reward));
  }
  bool operator==(const reflect_request&) const = default;
};

/// Store an episode for a spacetime that the buffer knows by id.
struct reflect_on_request {
  /// As in `reflect_request`.
  std::string episode_id = {};
  std::string spacetime_id = {};
  maybe<feedback> said = {};
  maybe<double> reward = {};

  static constexpr auto fields() {
    using t = reflect_on_request;
    return members(member("episode_id", &t::episode_id),
                   member("spacetime_id", &t::spacetime_id),
                   member("feedback", &t::said), member("reward", &t::reward));
  }
  bool operator==(const reflect_on_request&) const = default;
};

/// Store an exported or foreign episode unchanged, with its own time and
/// reward.
struct import_request {
  /// Its id is as in `reflect_request`: it may be empty, and what is stored
  /// under it must be equal, the reward and its formula included.
  episode made = {};

  static constexpr auto fields() {
    return members(member("episode", &import_request::made));
  }
  bool operator==(const import_request&) const = default;
};

/// The episode is on disk.
struct reflect_ack {
  std::string episode_id = {};
  /// Its place in the journal, from 1.
  std::int64_t sequence = 0;
  double reward = 0;
  reward_formula formula = reward_formula::extracted;
  bool success = false;
  /// False only when the loom has no data directory and stores in memory alone.
  bool durable = true;
  /// Whether the same episode was stored before. Nothing changed, and the other
  /// members are those of that time.
  bool duplicate = false;

  static constexpr auto fields() {
    using t = reflect_ack;
    return members(
      member("episode_id", &t::episode_id), member("sequence", &t::sequence),
      member("reward", &t::reward), member("formula", &t::formula),
      member("success", &t::success), member("durable", &t::durable),
      member("duplicate", &t::duplicate));
  }
  bool operator==(const reflect_ack&) const = default;
};

/// Remember a spacetime for a later reflection by its id. Answered once it is
/// on disk; `errc::id_conflict` if its id is recorded with another content, as
/// in `reflect_request`.
struct record_request {
  spacetime woven = {};

  static constexpr auto fields() {
    return members(member("spacetime", &record_request::woven));
  }
  bool operator==(const record_request&) const = default;
};

struct record_ack {
  std::string spacetime_id = {};

  static constexpr auto fields() {
    return members(member("spacetime_id", &record_ack::spacetime_id));
  }
  bool operator==(const record_ack&) const = default;
};

struct metrics_query {
  static constexpr auto fields() { return members(); }
  bool operator==(const metrics_query&) const = default;
};

/// Answered with the policy learned so far.
struct policy_query {
  static constexpr auto fields() { return members(); }
  bool operator==(const policy_query&) const = default;
};

/// Answered with the policy learned so far. From then on, the sender gets a
/// `policy_snapshot` after each commit that changed it, until the sender ends;
/// of more than 256 tools, ten times a second at most.
struct policy_subscription {
  static constexpr auto fields() { return members(); }
  bool operator==(const policy_subscription&) const = default;
};

/// Answered with episodes, in the order in which they were stored.
struct episodes_query {
  /// Skips the episodes up to this sequence number.
  std::int64_t after = 0;
  std::int64_t limit = 100;

  static constexpr auto fields() {
    using t = episodes_query;
    return members(member("after", &t::after), member("limit", &t::limit));
  }
  bool operator==(const episodes_query&) const = default;
};

struct episode_page {
  std::vector<episode> episodes = {};
  /// The sequence number of the last one: the next query's `after`.
  std::int64_t last = 0;

  static constexpr auto fields() {
    using t = episode_page;
    return members(member("episodes", &t::episodes), member("last", &t::last));
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
    return members(member("force", &t::force), member("apply", &t::apply));
  }
  bool operator==(const learn_request&) const = default;
};

struct learned {
  std::vector<learning_signal> signals = {};

  static constexpr auto fields() {
    return members(member("signals", &learned::signals));
  }
  bool operator==(const learned&) const = default;
};

/// Among the episodes that the buffer holds in memory, merge those that say the
/// same, and prune those with a reward below `prune_below`: the journal removes
/// the texts of those that go. It keeps their ids and all that learning needs,
/// so that what was learned stays and can be rebuilt.
struct consolidate_request {
  static constexpr auto fields() { return members(); }
  bool operator==(const consolidate_request&) const = default;
};

/// The outcome of a consolidation.
struct consolidation_report {
  millis took{0};
  /// Groups of one tool, pattern and text whose rewards hardly differ.
  std::int64_t groups = 0;
  /// Episodes merged into another of their group, whose text is removed.
  std::int64_t merged = 0;
  /// Episodes with a low reward, older than the newest 100, whose text is
  /// removed.
  std::int64_t pruned = 0;
  /// "shorter" or "longer": the queries that succeed, beside those that fail;
  /// null while there are too few episodes.
  maybe<std::string> successful_queries = {};
  /// Distinct tools among the last 50, as a share of these.
  double tool_diversity = 0;
  std::int64_t final_episode_count = 0;
  double success_rate = 0;

  static constexpr auto fields() {
    using t = consolidation_report;
    return members(member("duration_ms", &t::took),
                   member("groups", &t::groups), member("merged", &t::merged),
                   member("pruned", &t::pruned),
                   member("successful_queries", &t::successful_queries),
                   member("tool_diversity", &t::tool_diversity),
                   member("final_episode_count", &t::final_episode_count),
                   member("success_rate", &t::success_rate));
  }
  bool operator==(const consolidation_report&) const = default;
};

/// The reflection buffer. Requests that write answer `errc::overloaded` past
/// the queue's bound, `errc::sealed` after the final flush, `errc::id_conflict`
/// for an id that has another content, and the storage
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
