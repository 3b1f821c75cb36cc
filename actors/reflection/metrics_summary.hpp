#pragma once

#include <hololoom/messages/episode.hpp>

#include <filesystem>

namespace hololoom {

class disk;

/// Replaces `directory/metrics_summary.json`, completely or not at all: the
/// metrics under their keys, followed by `schema_version`.
/// @param through as in `write_atomically`.
caf::error write_summary(const std::filesystem::path& directory,
                         const reflection_metrics& metrics,
                         const disk* through = nullptr);

/// Reads that file.
caf::expected<reflection_metrics>
read_summary(const std::filesystem::path& directory);

} // namespace hololoom
