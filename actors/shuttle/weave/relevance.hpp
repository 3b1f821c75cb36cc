#pragma once

#include <hololoom/actors/memory/index/embedder.hpp>
#include <hololoom/actors/memory/index/query_view.hpp>

#include <string>
#include <string_view>
#include <vector>

/// How well a sentence fits a query, and how well it reads.

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

/// Compares a query with many sentences. The query and the encoder must outlive
/// it.
class query_profile {
public:
  /// @param vectors the encoder of `query.vector`
  query_profile(const query_view& query, const encoder& vectors);

  /// @param terms `distinct_terms(sentence)`
  relevance judge(std::string_view sentence,
                  const std::vector<std::string>& terms) const;

private:
  /// How near to each other the query's terms stand, in 0..1.
  double closeness(std::string_view sentence) const;

  const query_view& query_;
  const encoder& vectors_;
  /// The summed weights of the query's terms.
  double total_ = 0;
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
