#pragma once

#include <hololoom/actors/reflection/learning/learning.hpp>
#include <hololoom/messages/episode.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <vector>

namespace hololoom {

/// The newest episodes, in memory: at most `capacity`, and of long ones so many
/// that their texts have `most_bytes`, in order.
class recent_episodes {
public:
  /// Of what is taken to memory, or to a page, at once; one is always.
  static constexpr std::size_t most_bytes = 64 << 20;

  struct entry {
    std::int64_t sequence = 0;
    episode what;
    std::size_t bytes = 0;
  };

  explicit recent_episodes(std::int64_t capacity)
    : capacity_(static_cast<std::size_t>(capacity)) {}

  /// @param bytes how much its text is on disk.
  void add(std::int64_t sequence, episode&& x, std::size_t bytes);

  /// Puts `x` in the place of the one with its sequence number, if that is
  /// held.
  void replace(std::int64_t sequence, episode x);

  void remove(const std::set<std::int64_t>& sequences);

  const episode* find(std::int64_t sequence) const;

  /// Those after `sequence`, at most `limit`; none if some of these are no
  /// longer held.
  std::optional<std::vector<entry>> page(std::int64_t after,
                                         std::int64_t limit) const;

  /// The newest `limit`, as an analysis sees them.
  std::vector<sample> samples(std::int64_t limit) const;

  std::int64_t size() const { return static_cast<std::int64_t>(all_.size()); }

private:
  std::size_t capacity_;
  /// All episodes after this one are held.
  std::int64_t complete_after_ = 0;
  std::size_t bytes_ = 0;
  std::deque<entry> all_;
};

/// How many episodes `x` stands for.
std::int64_t merged_count(const episode& x);

} // namespace hololoom
