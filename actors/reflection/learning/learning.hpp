#pragma once

#include <hololoom/actors/reflection/learning/learned_state.hpp>
#include <hololoom/actors/reflection/learning/outcome.hpp>
#include <hololoom/messages/episode.hpp>

#include <cstdint>
#include <vector>

/// Learning's room: pure functions of episodes. `outcome` is what an episode
/// teaches; `metrics`, `posterior` and `learned_state` count outcomes, `replay`
/// recounts a journal's; `analyse` and `adjust` turn recent outcomes into
/// changes of the policy; `plan_consolidation` says which episodes to merge. It
/// may know only messages. The buffer and the journal use it.

namespace hololoom {

/// An outcome, with its place and weight in an analysis.
struct sample {
  std::int64_t sequence = 0;
  outcome what;
  /// How many episodes it stands for: more than one after a consolidation.
  std::int64_t count = 1;
};

/// An analysis of fewer episodes than this yields nothing.
inline constexpr std::int64_t least_to_analyse = 10;

/// Whether the window's samples stand for at least that many episodes.
bool enough_to_analyse(const std::vector<sample>& window);

/// The entropy of a distribution, divided by that of a uniform distribution
/// over as many kinds; 0 for one kind.
double normalised_entropy(const std::vector<std::int64_t>& counts);

/// A pattern's score: its mean reward, discounted for its duration in seconds.
double pattern_score(double mean_reward, double mean_duration_s);

/// Recommendations from a window of episodes, in this order: a bandit update
/// for each tool with at least 3 episodes; the pattern to prefer among those
/// with at least 5; less trust in tools that mostly fail; and more exploration
/// if few tools are used. Empty for fewer than 10 episodes.
std::vector<learning_signal> analyse(const std::vector<sample>& window);

/// The change of the policy that the signals call for.
///
/// - Bandit updates: none; each episode was counted when it was stored.
/// - A pattern to prefer becomes the preferred card.
/// - The beta of a tool that mostly fails grows by 0.1 for each failure since
///   the last applied analysis, so that no failure counts twice.
/// - If few tools are used, epsilon rises by 0.05, up to 0.3; once the tools
/// are
///   used evenly again, it falls in the same steps.
///
/// Without a new episode since the last analysis, only the time changes.
adjustment adjust(const std::vector<learning_signal>& signals,
                  const std::vector<sample>& window,
                  const learned_state& learned);

} // namespace hololoom
