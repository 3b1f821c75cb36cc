#pragma once

#include <hololoom/actors/memory/index/embedder.hpp>
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

/// What to look for.
struct retrieval_request {
  std::string text;
  retrieval_mode mode = retrieval_mode::fused;
  /// How many at most.
  std::size_t limit = 6;
  /// Ascending. `fast` uses the first only.
  std::vector<scale_weight> scales{{96, .25}, {192, .35}, {384, .40}};
  /// The share of BM25 in the score, in 0..1, in both modes. Hashed vectors of
  /// a few hundred components are a noisy witness: on the Cranfield collection
  /// nDCG@10 rises with this share, from 0.33 at 0.15 to 0.40 at 0.85, and past
  /// that the vectors only help where words are spelt differently. With an
  /// encoder that was trained, 0.15 to 0.5 is right.
  double bm25_weight = 0.85;
  /// Only these shards, if given.
  std::optional<std::vector<ordinal>> among;
};

/// A shard that a search found.
struct scored {
  ordinal which = 0;
  /// In 0..1, relative to the other shards of the same search.
  double score = 0;
  /// The cosine to the query at the largest scale asked for: absolute.
  double similarity = 0;
  /// BM25: absolute, at least 0, and 0 when no term of the query is in it.
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

/// An immutable memory of shards that can be searched. A snapshot: made once,
/// then read by any number of threads; `with` makes the next one at a cost that
/// depends on what is added, not on what is there.
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

  /// Of several shards with one id the last counts.
  static shard_index_ptr build(std::vector<shard> shards,
                               encoder_ptr with = hashing_encoder(),
                               index_limits limits = {});

  /// The same and `added`, which replace those with the same id, without those
  /// whose ids are in `removed`. This one stays as it is.
  shard_index_ptr with(std::vector<shard> added,
                       std::span<const std::string> removed = {}) const;

  /// One index of several, in their order, which share no id; with the first
  /// one's encoder and limits. For building parts of a large one in parallel.
  /// @pre `parts` is not empty.
  static shard_index_ptr join(std::span<const shard_index_ptr> parts);

  struct impl;
  explicit shard_index(std::unique_ptr<const impl> made);
  ~shard_index();
  shard_index(const shard_index&) = delete;
  shard_index& operator=(const shard_index&) = delete;

  // -- reading ----------------------------------------------------------------

  /// How many shards there are.
  std::size_t size() const;

  /// The shard at `which`. Shards are kept packed, so this is a copy.
  /// @pre `which` came from this index.
  shard at(ordinal which) const;

  /// Its id; valid as long as the index.
  std::string_view id(ordinal which) const;

  /// Its text; valid as long as the index.
  std::string_view text(ordinal which) const;

  /// Its metadata's `time`, if it has one that can be read.
  std::optional<timestamp> time(ordinal which) const;

  /// Where the shard with this id is.
  std::optional<ordinal> find(std::string_view id) const;

  /// Every shard, in the order in which they came.
  std::vector<ordinal> all() const;

  /// About how many bytes it holds.
  std::size_t bytes() const;

  // -- searching --------------------------------------------------------------

  /// The best shards for a query, best first; equal scores in the order in
  /// which the shards came. Empty for an empty memory.
  std::vector<scored> search(const retrieval_request& request) const;

  /// The shards that a weave takes up: those in the window, not too old, of the
  /// window's episode; ranked by relevance to `query` times recency, at most
  /// `cap`. A shard without a time is always in the window and has weight 1.
  std::vector<scored> select_threads(const temporal_window& window,
                                     std::string_view query,
                                     std::size_t cap) const;

  /// The rarity of a search term: ln(1 + (N - n + 0.5) / (n + 0.5)).
  double idf(std::string_view term) const;

  /// The vector of a query in this memory: terms weighted by rarity.
  std::vector<float> encode_query(std::string_view text) const;

  /// What makes its vectors.
  const encoder_ptr& vectors() const;

private:
  std::unique_ptr<const impl> impl_;
};

} // namespace hololoom
