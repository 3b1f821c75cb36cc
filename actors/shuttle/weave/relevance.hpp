#pragma once

#include <hololoom/actors/memory/index/shard_index.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// How well a sentence fits a query.

namespace hololoom {

/// Everything in 0..1.
struct relevance {
  /// Share of the query's terms, weighted by rarity, that the sentence has.
  double coverage = 0;
  /// Cosine of their vectors.
  double similarity = 0;
  /// Both, and whether the terms stand as near to each other as in the query.
  double score = 0;
};

/// A query, ready to be compared with many sentences.
class query_profile {
public:
  /// @param memory knows how rare a term is; null: all count the same.
  query_profile(std::string_view text, const shard_index* memory);

  /// @param terms `distinct_terms(sentence)`
  relevance judge(std::string_view sentence,
                  const std::vector<std::string>& terms) const;

  bool empty() const { return weights_.empty(); }

private:
  /// How near to each other the query's terms stand, in 0..1.
  double closeness(std::string_view sentence) const;

  const shard_index* memory_;
  std::map<std::string, double, std::less<>> weights_;
  double total_ = 0;
  std::vector<float> vector_;
};

/// The search terms of `text`, sorted, without repetitions.
std::vector<std::string> distinct_terms(std::string_view text);

/// The sentences of `text` with their white space tidied: wrapped lines are
/// joined, and list markers and comment signs at their beginning are gone.
std::vector<std::string> prose_sentences(std::string_view text);

/// How much a sentence looks like something to read aloud, in 0..1: not a
/// heading, not a table, not a list of file names, not a page long.
double readability(std::string_view sentence);

/// The sentences of `text` that fit best, at most `length` code points.
std::string snippet(std::string_view text, const query_profile& wanted,
                    std::size_t length = 200);

} // namespace hololoom
