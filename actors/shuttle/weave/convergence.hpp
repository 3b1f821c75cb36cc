#pragma once

#include <hololoom/actors/shuttle/weave/strategy.hpp>
#include <hololoom/messages/episode.hpp>

#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace hololoom {

/// The random numbers of a weaver; seeded, so that a run can be repeated.
using random_generator = std::mt19937_64;

/// A tool as the bandit sees it.
struct arm {
  std::string name;
  /// Not negative; the sum over all arms need not be 1.
  double probability = 0;
  tool_posterior posterior;
  /// Whether it may be chosen without being the most probable.
  bool explorable = true;
};

struct collapse_options {
  bandit_strategy strategy = bandit_strategy::epsilon_greedy;
  /// Probability of exploring, in 0..1.
  double epsilon = 0.1;
  /// The weight of the probability in `bayesian_blend`.
  double blend = 0.7;
};

struct collapse_result {
  std::size_t index = 0;
  /// In 0..1.
  double confidence = 0;
  /// They sum to 1; uniform if all were 0 or not finite.
  std::vector<double> probabilities;
  /// "epsilon_exploit_(0.90)" and such.
  std::string strategy_used;
  /// Whether chance made the choice instead of the probabilities.
  bool explored = false;
};

/// `xs` scaled to sum to 1; uniform if that is impossible.
std::vector<double> normalise_probabilities(std::vector<double> xs);

/// The softmax of `logits`, without overflow.
std::vector<double> softmax(const std::vector<double>& logits);

/// Chooses one of `arms`; ties go to the first. An arm that is not explorable
/// can only be chosen as the most probable.
/// @pre `arms` is not empty
collapse_result collapse(const std::vector<arm>& arms,
                         const collapse_options& options,
                         random_generator& rng);

} // namespace hololoom
