#pragma once

#include <hololoom/messages/episode.hpp>

#include <string>

namespace hololoom {

/// Parses an episode's JSON as HoloLoom or the original wrote it. The
/// original's numbers for `helpful` become ratings, and its bare NaN and
/// Infinity count as missing.
caf::expected<episode> parse_episode(const std::string& text);

} // namespace hololoom
