#include <hololoom/actors/shuttle/weave/convergence.hpp>
#include <hololoom/actors/shuttle/weave/features/warp.hpp>
#include <hololoom/messages/json/value.hpp>

#include <cmath>
#include <numeric>
#include <utility>

namespace hololoom {

namespace {

/// The cosines of different texts are close to each other; a plain softmax over
/// them would be flat.
constexpr double temperature = 0.1;

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  auto n = std::min(a.size(), b.size());
  return std::inner_product(
    a.begin(), a.begin() + static_cast<std::ptrdiff_t>(n), b.begin(), 0.0);
}

} // namespace

void warp_space::tension(std::vector<warp_thread> threads) {
  threads_ = std::move(threads);
}

std::vector<double>
warp_space::attention(const std::vector<float>& query) const {
  if (threads_.empty())
    return {};
  std::vector<double> logits;
  logits.reserve(threads_.size());
  for (const auto& thread : threads_)
    logits.push_back(dot(thread.embedding, query) / temperature);
  auto result = softmax(logits);
  for (std::size_t i = 0; i < threads_.size(); ++i)
    result[i] *= threads_[i].tension;
  return normalise_probabilities(std::move(result));
}

std::vector<float>
warp_space::context(const std::vector<double>& attention) const {
  std::vector<float> result;
  for (std::size_t i = 0; i < threads_.size() && i < attention.size(); ++i) {
    const auto& row = threads_[i].embedding;
    result.resize(std::max(result.size(), row.size()), 0.0F);
    for (std::size_t j = 0; j < row.size(); ++j)
      result[j] += static_cast<float>(attention[i]) * row[j];
  }
  return result;
}

attributes warp_space::statistics() const {
  double sum = 0;
  double squares = 0;
  double tension = 0;
  std::size_t count = 0;
  std::size_t dimension = 0;
  for (const auto& thread : threads_) {
    dimension = std::max(dimension, thread.embedding.size());
    count += thread.embedding.size();
    tension += thread.tension;
    for (double x : thread.embedding) {
      sum += x;
      squares += x * x;
    }
  }
  auto n = static_cast<double>(count);
  auto mean = count > 0 ? sum / n : 0.0;
  auto variance = count > 0 ? std::max(squares / n - mean * mean, 0.0) : 0.0;
  attributes result;
  result.set("threads_tensioned", threads_.size());
  result.set("shape", json::array({threads_.size(), dimension}));
  result.set("norm", std::sqrt(squares));
  result.set("mean", mean);
  result.set("std", std::sqrt(variance));
  result.set("mean_activation",
             threads_.empty() ? 0.0
                              : tension / static_cast<double>(threads_.size()));
  return result;
}

std::size_t warp_space::collapse() {
  return std::exchange(threads_, {}).size();
}

double entropy(const std::vector<double>& distribution) {
  double sum = 0;
  for (auto p : distribution)
    if (p > 0)
      sum -= p * std::log(p);
  return std::max(sum, 0.0);
}

} // namespace hololoom
