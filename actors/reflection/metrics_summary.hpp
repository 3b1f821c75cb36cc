#pragma once

#include <hololoom/messages/episode.hpp>

#include <filesystem>

namespace hololoom {

class disk;

/// Replaces `directory/metrics_summary.json`: the metrics under their keys,
/// followed by `schema_version`. Whole or not at all.
/// @param through as in `write_atomically`.
caf::error write_summary(const std::filesystem::path& directory,
                         const reflection_metrics& metrics,
                         const disk* through = nullptr);

/// Reads it back.
caf::expected<reflection_metrics>
read_summary(const std::filesystem::path& directory);

} // namespace hololoom
