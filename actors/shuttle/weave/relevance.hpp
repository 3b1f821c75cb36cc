#pragma once

#include <hololoom/actors/memory/index/embedder.hpp>
#include <hololoom/actors/memory/index/query_view.hpp>

#include <string>
#include <string_view>
#include <vector>

/// How well a sentence fits a query, and how well it reads.

namespace hololoom {

/// All values are in 0..1.
struct relevance {
  /// Share of the query's terms, weighted by rarity, that the sentence has.
  double coverage = 0;
  /// Cosine of their vectors.
  double similarity = 0;
  /// Combines both with how close the terms are to each other.
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
  /// How close the query's terms are to each other, in 0..1.
  double closeness(std::string_view sentence) const;

  const query_view& query_;
  const encoder& vectors_;
  /// The summed weights of the query's terms.
  double total_ = 0;
};

/// The search terms of `text`, sorted, without repetitions.
std::vector<std::string> distinct_terms(std::string_view text);

/// The sentences of `text`, with wrapped lines joined, and without list markers
/// and comment signs at their beginning.
std::vector<std::string> prose_sentences(std::string_view text);

/// How much a sentence resembles prose, in 0..1: not a heading, a table, a list
/// of file names, or a page of text.
double readability(std::string_view sentence);

/// The sentence of `text` that fits best, at most `length` code points.
std::string snippet(std::string_view text, const query_profile& wanted,
                    std::size_t length = 200);

} // namespace hololoom
