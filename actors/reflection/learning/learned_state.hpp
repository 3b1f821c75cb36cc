#pragma once

#include <hololoom/actors/reflection/learning/outcome.hpp>
#include <hololoom/messages/episode.hpp>
#include <hololoom/messages/sync.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace hololoom {

/// The changes that one analysis makes to the policy. The journal keeps it
/// between the episodes, so that the learned state can be recomputed.
struct adjustment {
  /// The last episode that the analysis covered.
  std::int64_t analysed = 0;
  /// The amount to add to each tool's beta.
  std::map<std::string, double> doubts;
  maybe<double> epsilon;
  maybe<std::string> preferred_card;
  timestamp at;

  static constexpr auto fields() {
    using t = adjustment;
    return members(member("analysed", &t::analysed),
                   member("doubts", &t::doubts), member("epsilon", &t::epsilon),
                   member("preferred_card", &t::preferred_card),
                   member("at", &t::at));
  }
  bool operator==(const adjustment&) const = default;
};

/// All that was learned: a function of the journal's episodes and adjustments,
/// in order.
struct learned_state {
  /// The sequence number of the last episode counted.
  std::int64_t sequence = 0;
  /// The number of adjustments applied.
  std::int64_t adjustments = 0;
  /// The last episode that an applied analysis covered.
  std::int64_t analysed = 0;
  reflection_metrics metrics;
  policy_snapshot policy;

  static constexpr auto fields() {
    using t = learned_state;
    return members(
      member("sequence", &t::sequence), member("adjustments", &t::adjustments),
      member("analysed", &t::analysed), member("metrics", &t::metrics),
      member("policy", &t::policy));
  }
  bool operator==(const learned_state&) const = default;
};

/// The most tools, and the most cards, that are known by name.
inline constexpr std::size_t most_names = 16'384;

/// Counts the next episode. If it brings a name too many, the quarter of the
/// tools (or cards) with the fewest uses is forgotten, of equals those whose
/// names come first; the counters over all episodes keep their part. A tool
/// that comes back begins anew.
void count(learned_state& state, const outcome& x);

/// Applies the next adjustment.
void apply(learned_state& state, const adjustment& x);

/// A learned state that one thread changes and others read. The one that
/// changes it reads it without the lock.
class shared_learned {
public:
  learned_state state;

  template <class F>
  void change(F f) {
    lock_guard guard{mutex_};
    f(state);
  }

  template <class F>
  auto read(F f) const {
    lock_guard guard{mutex_};
    return f(state);
  }

private:
  mutable mutex mutex_;
};

} // namespace hololoom
