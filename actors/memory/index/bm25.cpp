#include <hololoom/actors/memory/index/bm25.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hololoom {

bm25_okapi::bm25_okapi(const std::vector<document>& documents, double k1,
                       double b)
  : k1_(k1), b_(b) {
  for (std::size_t i = 0; i < documents.size(); ++i) {
    lengths_.push_back(static_cast<double>(documents[i].size()));
    for (const auto& term : documents[i]) {
      auto& postings = terms_[term].postings;
      if (postings.empty() || postings.back().document != i)
        postings.push_back({i, 0});
      postings.back().count += 1;
    }
  }
  auto count = static_cast<double>(documents.size());
  if (!documents.empty())
    mean_length_ =
      std::accumulate(lengths_.begin(), lengths_.end(), 0.0) / count;
  auto sum = 0.0;
  for (auto& [term, entry] : terms_) {
    auto n = static_cast<double>(entry.postings.size());
    entry.idf = std::log(count - n + 0.5) - std::log(n + 0.5);
    sum += entry.idf;
  }
  auto floor =
    0.25 * sum / static_cast<double>(std::max<std::size_t>(terms_.size(), 1));
  for (auto& [term, entry] : terms_)
    if (entry.idf < 0)
      entry.idf = floor;
}

double bm25_okapi::idf(std::string_view term) const {
  auto i = terms_.find(std::string{term});
  return i == terms_.end() ? 0 : i->second.idf;
}

std::vector<double>
bm25_okapi::scores(std::span<const std::string> query) const {
  std::vector<double> result(lengths_.size());
  for (const auto& term : query) {
    auto i = terms_.find(term);
    if (i == terms_.end())
      continue;
    for (const auto& [at, f] : i->second.postings) {
      auto norm = k1_ * (1 - b_ + b_ * lengths_[at] / mean_length_);
      result[at] += i->second.idf * f * (k1_ + 1) / (f + norm);
    }
  }
  return result;
}

std::vector<double> normalise(std::span<const double> scores) {
  auto count = static_cast<double>(scores.size());
  auto mean = std::accumulate(scores.begin(), scores.end(), 0.0) / count;
  auto variance = 0.0;
  for (auto s : scores)
    variance += (s - mean) * (s - mean) / count;
  auto deviation = std::sqrt(variance) + 1e-9;
  std::vector<double> result;
  result.reserve(scores.size());
  for (auto s : scores)
    result.push_back(1 / (1 + std::exp(-(s - mean) / deviation)));
  return result;
}

} // namespace hololoom
