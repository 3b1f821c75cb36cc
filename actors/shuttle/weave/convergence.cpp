#include <hololoom/actors/shuttle/weave/convergence.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <optional>

namespace hololoom {

namespace {

std::size_t index_of_best(const std::vector<double>& xs) {
  return static_cast<std::size_t>(std::max_element(xs.begin(), xs.end())
                                  - xs.begin());
}

/// A draw from Beta(alpha, beta).
/// @pre both are positive
double sample_beta(double alpha, double beta, random_generator& rng) {
  assert(alpha > 0 && beta > 0);
  std::gamma_distribution<double> a{alpha, 1.0};
  std::gamma_distribution<double> b{beta, 1.0};
  auto x = a(rng);
  auto y = b(rng);
  return x + y > 0 ? x / (x + y) : alpha / (alpha + beta);
}

/// The explorable arm with the best draw from its posterior; nothing if no arm
/// is explorable.
std::optional<std::size_t> thompson(const std::vector<arm>& arms,
                                    random_generator& rng) {
  std::optional<std::size_t> best;
  double best_draw = 0;
  for (std::size_t i = 0; i < arms.size(); ++i) {
    if (!arms[i].explorable)
      continue;
    const auto& p = arms[i].posterior;
    auto draw =
      sample_beta(std::max(p.alpha, 1e-6), std::max(p.beta, 1e-6), rng);
    if (!best || draw > best_draw) {
      best = i;
      best_draw = draw;
    }
  }
  return best;
}

std::string with_share(const char* what, double share) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%s_(%.2f)", what, share);
  return buffer.data();
}

void take_best(collapse_result& result, std::string strategy) {
  result.index = index_of_best(result.probabilities);
  result.confidence = result.probabilities[result.index];
  result.strategy_used = std::move(strategy);
}

void epsilon_greedy(collapse_result& result, const std::vector<arm>& arms,
                    double epsilon, random_generator& rng) {
  take_best(result, with_share("epsilon_exploit", 1 - epsilon));
  std::uniform_real_distribution<double> chance{0.0, 1.0};
  if (epsilon <= 0 || chance(rng) >= epsilon)
    return;
  auto other = thompson(arms, rng);
  if (!other)
    return;
  result.index = *other;
  result.confidence = result.probabilities[*other];
  result.strategy_used = with_share("epsilon_explore", epsilon);
  result.explored = true;
}

void blend(collapse_result& result, const std::vector<arm>& arms, double b) {
  std::vector<double> mixed(arms.size());
  for (std::size_t i = 0; i < arms.size(); ++i)
    mixed[i] = b * result.probabilities[i] + (1 - b) * arms[i].posterior.mean();
  // An arm that is not explorable competes only as the most probable.
  auto likeliest = index_of_best(result.probabilities);
  for (std::size_t i = 0; i < arms.size(); ++i)
    if (!arms[i].explorable && i != likeliest)
      mixed[i] = -1;
  result.index = index_of_best(mixed);
  result.confidence = std::clamp(mixed[result.index], 0.0, 1.0);
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(),
                "bayesian_blend_(%.1fneural+%.1fbandit)", b, 1 - b);
  result.strategy_used = buffer.data();
}

} // namespace

std::vector<double> normalise_probabilities(std::vector<double> xs) {
  double sum = 0;
  for (auto& x : xs) {
    if (!std::isfinite(x) || x < 0)
      x = 0;
    sum += x;
  }
  for (auto& x : xs)
    x = sum > 0 ? x / sum : 1.0 / static_cast<double>(xs.size());
  return xs;
}

std::vector<double> softmax(const std::vector<double>& logits) {
  if (logits.empty())
    return {};
  auto top = *std::max_element(logits.begin(), logits.end());
  std::vector<double> result;
  result.reserve(logits.size());
  for (auto x : logits)
    result.push_back(std::exp(x - top));
  return normalise_probabilities(std::move(result));
}

collapse_result collapse(const std::vector<arm>& arms,
                         const collapse_options& options,
                         random_generator& rng) {
  assert(!arms.empty());
  collapse_result result;
  std::vector<double> probabilities;
  probabilities.reserve(arms.size());
  for (const auto& x : arms)
    probabilities.push_back(x.probability);
  result.probabilities = normalise_probabilities(std::move(probabilities));
  switch (options.strategy) {
    case bandit_strategy::argmax:
      take_best(result, "argmax_exploitation");
      break;
    case bandit_strategy::epsilon_greedy:
      epsilon_greedy(result, arms, std::clamp(options.epsilon, 0.0, 1.0), rng);
      break;
    case bandit_strategy::bayesian_blend:
      blend(result, arms, std::clamp(options.blend, 0.0, 1.0));
      break;
    case bandit_strategy::pure_thompson:
      take_best(result, "pure_thompson");
      if (auto drawn = thompson(arms, rng)) {
        result.index = *drawn;
        result.confidence = arms[*drawn].posterior.mean();
        result.explored = true;
      }
      break;
  }
  return result;
}

} // namespace hololoom
