#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hololoom {

/// BM25Okapi over documents that are already split into terms.
///
/// idf(t) = ln(N - n + 0.5) - ln(n + 0.5); a negative one becomes a quarter of
/// the mean over all terms. score = sum of idf * f * (k1 + 1)
/// / (f + k1 * (1 - b + b * length / mean length)), repeated query terms
/// counted as often as they are there.
///
/// The reference for the ranking, small and exact; `shard_index` is what
/// searches many shards. Immutable once built.
class bm25_okapi {
public:
  using document = std::vector<std::string>;

  explicit bm25_okapi(const std::vector<document>& documents, double k1 = 1.5,
                      double b = 0.75);

  /// 0 for a term that no document has.
  double idf(std::string_view term) const;

  /// One score for each document, in their order.
  std::vector<double> scores(std::span<const std::string> query) const;

private:
  struct posting {
    std::size_t document;
    double count;
  };
  struct term_entry {
    double idf = 0;
    std::vector<posting> postings;
  };

  std::unordered_map<std::string, term_entry> terms_;
  std::vector<double> lengths_;
  double mean_length_ = 0;
  double k1_;
  double b_;
};

/// Makes scores comparable: z = (s - mean) / (deviation + 1e-9), then
/// 1 / (1 + e^-z). The result is relative to the others: a single score is
/// always 0.5.
std::vector<double> normalise(std::span<const double> scores);

} // namespace hololoom
