#pragma once

#include <hololoom/actors/memory/reading/source_reader.hpp>

#include <cstdint>
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
/// folder.
walk_result walk(const std::vector<std::string>& paths);

/// A file's bytes, not decompressed.
/// @returns `not_found`, `read_only`, `io_error`, or `not_supported` for a file
///          of more than `limit` bytes.
caf::expected<std::string> read_file(const std::string& path,
                                     std::uint64_t limit);

} // namespace hololoom::detail
