#pragma once

#include <hololoom/actors/memory/reading/source_reader.hpp>

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace hololoom::detail {

/// A regular file to be read.
struct found_file {
  /// Absolute.
  std::string path;
  std::uint64_t size = 0;
  timestamp modified;
};

/// The files under some paths, and the paths that cannot be read.
struct walk_result {
  std::vector<found_file> files;
  std::vector<skipped_source> skipped;
};

/// Lists the regular files in `paths`, each once, sorted by name folder by
/// folder. Incomplete once a stop was requested.
walk_result walk(const std::vector<std::string>& paths,
                 const std::stop_token& stop = {});

/// The error of a reading that was told to stop.
caf::error reading_called_off();

/// A file's bytes, not decompressed.
/// @returns `not_found`, `read_only`, `io_error`, `not_supported` for a file of
///          more than `limit` bytes, or `cancelled` once a stop was requested.
caf::expected<std::string> read_file(const std::string& path,
                                     std::uint64_t limit,
                                     const std::stop_token& stop = {});

} // namespace hololoom::detail
