#pragma once

#include <hololoom/actors/reflection/learning/outcome.hpp>
#include <hololoom/messages/episode.hpp>

#include <cstddef>

namespace hololoom {

/// How many query lengths each list of the metrics keeps.
inline constexpr std::size_t query_length_history = 100;

/// Counts an outcome. Running means are updated in place, so that the same
/// outcomes in the same order yield the same bits.
void count(reflection_metrics& metrics, const outcome& x);

} // namespace hololoom
