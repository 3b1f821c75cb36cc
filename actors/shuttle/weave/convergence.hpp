#pragma once

#include <hololoom/messages/describe.hpp>
#include <hololoom/messages/episode.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hololoom {

/// How to choose a tool by its probability and its posterior.
enum class bandit_strategy : std::uint8_t {
  argmax = 0,         ///< The most probable.
  epsilon_greedy = 1, ///< The most probable, sometimes another.
  bayesian_blend = 2, ///< 0.7 probability + 0.3 posterior mean.
  pure_thompson = 3,  ///< A draw from the posteriors alone.
};

constexpr auto enumerators(bandit_strategy) {
  using e = bandit_strategy;
  return std::array{
    std::pair{e::argmax, std::string_view{"argmax"}},
    std::pair{e::epsilon_greedy, std::string_view{"epsilon_greedy"}},
    std::pair{e::bayesian_blend, std::string_view{"bayesian_blend"}},
    std::pair{e::pure_thompson, std::string_view{"pure_thompson"}}};
}

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
