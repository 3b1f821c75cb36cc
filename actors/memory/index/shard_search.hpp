#pragma once

#include <hololoom/actors/memory/index/index_state.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// How an index is searched.

namespace hololoom::detail {

/// Whether a shard may be in a result.
using shard_filter = std::function<bool(ordinal, const packed_shard&)>;

/// Analyses a query against this memory.
query_view analyse(const index_state& state, std::string_view text);

/// Every live shard that `allowed` lets through (all if empty).
std::vector<ordinal> everything(const index_state& state,
                                const shard_filter& allowed);

/// The best `how.limit` of the shards that `allowed` lets through (all if
/// empty), best first.
std::vector<scored> search(const index_state& state, const query_view& query,
                           const search_options& how,
                           const shard_filter& allowed);

/// Sorts `found` best first, equal scores in their order, and keeps `limit`.
void keep_best(std::vector<scored>& found, std::size_t limit);

/// Makes scores comparable: z = (s - mean) / (deviation + 1e-9), then
/// 1 / (1 + e^-z). The result is relative to the other scores: a single one is
/// always 0.5.
std::vector<double> normalise(std::span<const double> scores);

/// The memory's words whose spelling is close to `word` (one letter inserted,
/// deleted or replaced, or two neighbours swapped; two such edits from 8 bytes
/// on), most frequent first, at most `limit`. Words under 4 bytes have none.
std::vector<std::string> similar_terms(const index_state& state,
                                       std::string_view word,
                                       std::size_t limit);

} // namespace hololoom::detail
