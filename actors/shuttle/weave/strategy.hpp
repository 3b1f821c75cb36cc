#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

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

} // namespace hololoom
