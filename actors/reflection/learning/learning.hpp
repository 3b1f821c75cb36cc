#pragma once

#include <hololoom/actors/reflection/learning/learned_state.hpp>
#include <hololoom/actors/reflection/learning/outcome.hpp>
#include <hololoom/messages/episode.hpp>

#include <cstdint>
#include <vector>

namespace hololoom {

/// An outcome as an analysis sees it.
struct sample {
  std::int64_t sequence = 0;
  outcome what;
  /// How many episodes it stands for: more than one after a consolidation.
  std::int64_t count = 1;
};

/// Fewer episodes than this teach nothing.
inline constexpr std::int64_t least_to_analyse = 10;

/// Whether there are as many in the window, those included that others stand
/// for.
bool enough_to_analyse(const std::vector<sample>& window);

/// Entropy of a distribution by natural logarithm, divided by that of an even
/// one over as many kinds; 0 for one kind.
double normalised_entropy(const std::vector<std::int64_t>& counts);

/// A pattern's worth: its mean reward, less for being slow (seconds).
double pattern_score(double mean_reward, double mean_duration_s);

/// What the window recommends, in this order: a bandit update for each tool
/// with at least 3 episodes; the pattern to prefer among those with at least 5;
/// for tools that mostly fail, less trust; and more exploration when few tools
/// are used. Empty for fewer than 10 episodes.
std::vector<learning_signal> analyse(const std::vector<sample>& window);

/// How the signals change the policy.
///
/// - Bandit updates: nothing more; each episode was counted when it was stored.
/// - A pattern to prefer becomes the preferred card.
/// - A tool that mostly fails: its beta grows by 0.1 for each failure since the
///   last analysis that was applied, so that none counts twice.
/// - Few tools in use: epsilon is raised by 0.05, up to 0.3; when the use is
///   even again it is lowered as it was raised.
///
/// Without an episode since the last analysis nothing changes but the time.
adjustment adjust(const std::vector<learning_signal>& signals,
                  const std::vector<sample>& window,
                  const learned_state& learned);

} // namespace hololoom
