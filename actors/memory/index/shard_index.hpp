#pragma once

#include <hololoom/actors/memory/index/embedder.hpp>
#include <hololoom/actors/memory/index/query_view.hpp>
#include <hololoom/actors/memory/index/temporal_window.hpp>
#include <hololoom/messages/shard.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// memory/index: finding shards. A room of values: no actors, no disk; threads
/// only meet in the cache of vectors, which is locked. It owns the inverted
/// index (segments), the encoder of vectors, the analysis of queries, and the
/// fusion of both scores into one. It may include memory/text and messages.
/// The yarn graph makes indexes; weaves and their tools read them.

namespace hololoom {

/// Which scores count.
enum class retrieval_mode {
  fast,  ///< The similarity at the smallest scale.
  fused, ///< The weighted sum of the similarities at every scale.
};

/// How much the similarity at a scale counts.
struct scale_weight {
  std::size_t scale = 0;
  double weight = 0;
  bool operator==(const scale_weight&) const = default;
};

/// A shard's place in one index; another index may number differently.
using ordinal = std::uint32_t;

/// How to search.
struct search_options {
  retrieval_mode mode = retrieval_mode::fused;
  /// At most so many results.
  std::size_t limit = 6;
  /// Ascending. `fast` uses the first only.
  std::vector<scale_weight> scales{{96, .25}, {192, .35}, {384, .40}};
  /// The share of BM25 in the score, in 0..1, in both modes. Hashed vectors of
  /// a few hundred components are a noisy signal: on the Cranfield collection
  /// nDCG@10 rises with this share, from 0.33 at 0.15 to 0.40 at 0.85, and past
  /// that the vectors only help where words are spelt differently. With a
  /// trained encoder, 0.15 to 0.5 is right.
  double bm25_weight = 0.85;
  /// Only these shards, if given.
  std::optional<std::vector<ordinal>> among = {};
};

/// A shard that a search found.
struct scored {
  ordinal which = 0;
  /// In 0..1, relative to the other shards of the same search.
  double score = 0;
  /// The cosine to the query at the largest scale asked for: absolute.
  double similarity = 0;
  /// BM25: absolute, at least 0, and 0 for a shard without any query term.
  double bm25 = 0;
  /// The share of the query's terms, weighted by rarity, that the shard has,
  /// in 0..1: absolute. A good sign of whether it can answer at all.
  double coverage = 0;
};

class shard_index;

/// Indexes are immutable and shared.
using shard_index_ptr = std::shared_ptr<const shard_index>;

/// Limits of an index.
struct index_limits {
  /// Up to this many shards, every one is scored by its vector; in larger
  /// memories BM25 proposes that many candidates first.
  std::size_t candidates = 256;
  /// Vectors kept, each of 4 bytes a component.
  std::size_t cached_vectors = 8192;
};

/// An immutable, searchable memory of shards. A snapshot: made once, then read
/// by any number of threads; `with` makes the next one at a cost that depends
/// on the shards added, not on those already present.
///
/// It is a list of segments, each an inverted index over the search terms of
/// its shards (text, the `heading` twice, and the file's name), merged as they
/// pile up. BM25 here (k1 1.5, b 0.75) uses the idf ln(1 + (N - n + 0.5) / (n +
/// 0.5)), which is never negative: the Okapi floor depends on the mean over the
/// whole vocabulary, so that one more shard would change every score.
class shard_index {
public:
  // -- making -----------------------------------------------------------------

  /// No shards.
  static shard_index_ptr empty(encoder_ptr with = hashing_encoder(),
                               index_limits limits = {});

  /// The last of several shards with the same id counts.
  static shard_index_ptr build(std::vector<shard> shards,
                               encoder_ptr with = hashing_encoder(),
                               index_limits limits = {});

  /// A new index: these shards without those named in `removed`, plus `added`,
  /// which replace shards with the same id. This index does not change.
  shard_index_ptr with(std::vector<shard> added,
                       std::span<const std::string> removed = {}) const;

  /// Concatenates indexes, with the encoder and limits of the first. For
  /// building the parts of a large index in parallel.
  /// @pre `parts` is not empty, and no two shards share an id
  static shard_index_ptr join(std::span<const shard_index_ptr> parts);

  struct impl;
  explicit shard_index(std::unique_ptr<const impl> made);
  ~shard_index();
  shard_index(const shard_index&) = delete;
  shard_index& operator=(const shard_index&) = delete;

  // -- reading ----------------------------------------------------------------

  /// The number of shards.
  std::size_t size() const;

  /// The shard at `which`. Shards are kept packed, so this is a copy.
  /// @pre `which` came from this index.
  shard at(ordinal which) const;

  /// Its id; valid as long as the index.
  std::string_view id(ordinal which) const;

  /// Its text; valid as long as the index.
  std::string_view text(ordinal which) const;

  /// The place of the shard with this id.
  std::optional<ordinal> find(std::string_view id) const;

  /// Every shard, in the order in which they were added.
  std::vector<ordinal> all() const;

  /// Approximate size in bytes.
  std::size_t bytes() const;

  // -- searching --------------------------------------------------------------

  /// Analyses `text` against this memory.
  query_view view(std::string_view text) const;

  /// The best shards for a query, best first; equal scores keep the order in
  /// which the shards were added. Empty for an empty memory.
  std::vector<scored> search(const query_view& query,
                             const search_options& how = {}) const;

  /// The shards that a weave starts from: those in the window, not too old, and
  /// of the window's episode; ranked by relevance times recency, at most `cap`.
  /// A shard without a time is always in the window and has weight 1.
  std::vector<scored> select_threads(const query_view& query,
                                     const temporal_window& window,
                                     std::size_t cap) const;

  /// The encoder of the vectors.
  const encoder_ptr& vectors() const;

private:
  std::unique_ptr<const impl> impl_;
};

} // namespace hololoom
