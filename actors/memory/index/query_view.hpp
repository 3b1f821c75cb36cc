#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hololoom {

/// A term that BM25 looks for.
struct query_term {
  std::string term = {};
  /// Occurrences in the query.
  double count = 1;
  /// Its inverse document frequency in the memory.
  double idf = 0;
  /// 1, or less for a term that merely resembles a word of the query.
  double weight = 1;
};

/// A query, analysed once against one memory. `shard_index::view` makes it;
/// every step that searches or scores with the query then reads the same value.
struct query_view {
  std::string text = {};
  /// `tokenise(text)`
  std::vector<std::string> words = {};
  /// The distinct search terms of the text, and the rarity of each in the
  /// memory: ln(1 + (N - n + 0.5) / (n + 0.5)) for n of N shards.
  std::map<std::string, double, std::less<>> rarity = {};
  /// What BM25 looks for: the search terms that the memory has, and similarly
  /// spelt ones in place of a term that it lacks.
  std::vector<query_term> terms = {};
  /// `[dimension]`, terms weighted by rarity.
  std::vector<float> vector = {};
};

} // namespace hololoom
