#pragma once

#include <hololoom/actors/memory/index/segment.hpp>
#include <hololoom/actors/memory/index/shard_index.hpp>
#include <hololoom/actors/memory/index/vector_cache.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// What an index is made of, and how it is searched.

namespace hololoom::detail {

/// A segment in its place in an index.
struct index_part : segment_view {
  /// The ordinal of its first shard.
  ordinal first = 0;
  std::uint32_t live = 0;
  /// The terms of the live ones.
  std::uint64_t length = 0;
};

/// All that a snapshot holds.
struct index_state {
  std::vector<index_part> parts;
  encoder_ptr vectors;
  index_limits limits;
  std::shared_ptr<vector_cache> cache;
  std::size_t live = 0;
  std::uint64_t length = 0;

  const index_part& part_of(ordinal which) const;
  const packed_shard& packed(ordinal which) const;
  ordinal end() const;

  /// In how many live shards `term` is.
  std::size_t frequency(std::string_view term) const;
  double idf(std::string_view term) const;
  double idf(std::size_t frequency) const;

  std::shared_ptr<const std::vector<float>> vector_of(ordinal which) const;
};

/// Whether a shard may be in a result.
using shard_filter = std::function<bool(ordinal, const packed_shard&)>;

/// The best `limit` of the shards that `allowed` lets through (all if empty).
std::vector<scored> search(const index_state& state,
                           const retrieval_request& request,
                           const shard_filter& allowed);

/// Words of the memory that are written almost like `word` (a letter more,
/// less, changed, or two swapped; two such changes from 8 letters on), the
/// commonest first, at most `limit`. Words of less than 4 letters are like no
/// other.
std::vector<std::string> similar_terms(const index_state& state,
                                       std::string_view word,
                                       std::size_t limit);

} // namespace hololoom::detail
