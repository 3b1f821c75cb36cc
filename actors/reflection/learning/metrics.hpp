#pragma once

#include <hololoom/actors/reflection/learning/outcome.hpp>
#include <hololoom/messages/episode.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace hololoom {

/// How many lengths of queries each list of the metrics keeps.
inline constexpr std::size_t query_length_history = 100;

/// Counts an episode's outcome. Running means are updated in place, so that the
/// same outcomes in the same order give the same bits.
void count(reflection_metrics& metrics, const outcome& x);

/// How far each known tool is to be recommended, in 0..1: half its success
/// rate, and the rest from its confidence and how often it was used.
std::map<std::string, double>
recommendations(const reflection_metrics& metrics);

} // namespace hololoom
