#pragma once

#include <hololoom/messages/attributes.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace hololoom {

/// A tensioned thread: a candidate shard as a vector.
struct warp_thread {
  /// The shard's id.
  std::string id;
  /// Recency times relevance, in 0..1.
  double tension = 1;
  /// `[dimension]`, of length 1.
  std::vector<float> embedding;
};

/// The warp space of one weave: the candidates' vectors side by side, a field
/// against which the query is measured.
class warp_space {
public:
  /// Replaces the threads.
  void tension(std::vector<warp_thread> threads);

  std::size_t size() const { return threads_.size(); }

  const std::vector<warp_thread>& threads() const { return threads_; }

  /// softmax(field . query / temperature) times tension, scaled to sum to 1:
  /// how much the query pulls on each thread. Empty without threads.
  std::vector<double> attention(const std::vector<float>& query) const;

  /// The field's mean under `attention`: `[dimension]`.
  std::vector<float> context(const std::vector<double>& attention) const;

  /// Shape, norm, mean and deviation of the field, and the mean tension.
  attributes statistics() const;

  /// Releases all threads.
  /// @returns their number.
  std::size_t collapse();

private:
  std::vector<warp_thread> threads_;
};

/// -sum p ln p, in nats; 0 for an empty or certain distribution.
double entropy(const std::vector<double>& distribution);

} // namespace hololoom
