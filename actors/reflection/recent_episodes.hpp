#pragma once

#include <hololoom/actors/reflection/journal/rows.hpp>
#include <hololoom/actors/reflection/learning/consolidate.hpp>
#include <hololoom/actors/reflection/learning/learning.hpp>
#include <hololoom/messages/episode.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <vector>

namespace hololoom {

/// The newest episodes, in memory and in order: at most `capacity`, and at most
/// `most_body_bytes` of text, but always the last one.
class recent_episodes {
public:
  struct entry {
    std::int64_t sequence = 0;
    episode what;
    std::size_t bytes = 0;
  };

  explicit recent_episodes(std::int64_t capacity)
    : capacity_(static_cast<std::size_t>(capacity)) {}

  /// @param bytes the length of its text on disk.
  void add(std::int64_t sequence, episode&& x, std::size_t bytes);

  /// Replaces the episode with this sequence number, if it is in memory.
  void replace(std::int64_t sequence, episode x);

  void remove(const std::set<std::int64_t>& sequences);

  const episode* find(std::int64_t sequence) const;

  /// The episodes after `sequence`, at most `limit`; none if some of these are
  /// no longer in memory.
  std::optional<std::vector<entry>> page(std::int64_t after,
                                         std::int64_t limit) const;

  /// Samples of the newest `limit`, for an analysis.
  std::vector<sample> samples(std::int64_t limit) const;

  /// All of them, for a consolidation.
  std::vector<candidate> candidates() const;

  std::int64_t size() const { return static_cast<std::int64_t>(all_.size()); }

private:
  std::size_t capacity_;
  /// All episodes after this one are in memory.
  std::int64_t complete_after_ = 0;
  std::size_t bytes_ = 0;
  std::deque<entry> all_;
};

} // namespace hololoom
