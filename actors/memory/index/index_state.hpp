#pragma once

#include <hololoom/actors/memory/index/segment.hpp>
#include <hololoom/actors/memory/index/shard_index.hpp>
#include <hololoom/actors/memory/index/vector_cache.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What an index is made of.

namespace hololoom::detail {

/// A segment in its place in an index.
struct index_part : segment_view {
  /// The ordinal of its first shard.
  ordinal first = 0;
  std::uint32_t live = 0;
  /// Summed over the live shards: `packed_shard::terms`.
  std::uint64_t length = 0;
};

/// Everything that a snapshot holds.
struct index_state {
  std::vector<index_part> parts;
  encoder_ptr vectors;
  index_limits limits;
  std::shared_ptr<vector_cache> cache;
  std::size_t live = 0;
  std::uint64_t length = 0;

  const index_part& part_of(ordinal which) const;
  const packed_shard& packed(ordinal which) const;
  /// One past the last ordinal.
  ordinal end() const;

  /// The number of live shards that have `term`.
  std::size_t frequency(std::string_view term) const;
  double idf(std::string_view term) const;

  std::shared_ptr<const std::vector<float>> vector_of(ordinal which) const;

  /// Marks the shards with these ids as dead, and adds `added` as a segment.
  /// @pre the ids of `added` are distinct
  void replace(std::span<const std::string> removed,
               const std::vector<shard>& added);

  /// Drops empty parts, merges small ones, and renumbers the shards.
  void settle();
};

} // namespace hololoom::detail
