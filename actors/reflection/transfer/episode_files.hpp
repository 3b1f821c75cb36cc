#pragma once

#include <hololoom/actors/reflection/transfer/import_pipeline.hpp>
#include <hololoom/messages/reflection.hpp>

#include <caf/fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace hololoom {

class disk;

/// `episode_20261123_155408_123456_<id>.json`, after the episode's own time.
std::string episode_file_name(const episode& x);

/// Writes `x` into `directory` as a JSON file of its own, whole or not at all.
/// @param through as in `write_atomically`.
caf::error write_episode_file(const std::filesystem::path& directory,
                              const episode& x, const disk* through = nullptr);

/// The longest file, or line, that is read as an episode.
inline constexpr std::size_t longest_import = 16 << 20;

/// What is said of a longer one.
caf::error too_long_to_import();

/// Reads a file as `write_episode_file` or the original made it. An episode
/// without an id gets one that depends on its contents alone, so that reading
/// it twice gives the same episode.
/// @returns `errc::invalid_json` with the file's name for a damaged one, and
///          for one that is longer than `longest_import`.
caf::expected<episode> read_episode_file(const std::filesystem::path& file);

/// Writes each episode that `buffer` has into `directory`, which is made when
/// it is missing. Blocks.
/// @returns how many.
caf::expected<std::int64_t>
export_episodes(caf::actor_system& system, const reflection_actor& buffer,
                const std::filesystem::path& directory);

/// What an import did.
struct import_report {
  std::int64_t stored = 0;
  /// Files or lines that could not be read or stored, each with why.
  std::vector<std::string> failed;

  static constexpr auto fields() {
    return std::tuple{member("stored", &import_report::stored),
                      member("failed", &import_report::failed)};
  }
  bool operator==(const import_report&) const = default;
};

/// Stores the episode of each JSON file in `directory`. Damaged files are moved
/// to `directory/damaged`, never over one that is there; those that are too
/// long stay. A buffer that is restarted is followed. Blocks.
caf::expected<import_report>
import_episodes(caf::actor_system& system, buffer_lookup find,
                const std::filesystem::path& directory);

/// Stores an episode for each line of `in`, many under way at once, and writes
/// `{"id": "...", "durable": true}` to `out` as soon as it is on disk, or
/// `{"id": "...", "durable": false, "error": "..."}`; answers may come in
/// another order than the lines. A line needs `query_text`, `response`,
/// `tool_used` and `confidence`, and may have `id`, `feedback` and `reward`; or
/// it is an exported episode. One that is longer than `longest_import` is
/// refused, and never held in memory. A buffer that is restarted is followed.
/// Blocks until `in` ends and all is answered.
///
/// `out` is written by one thread at a time and flushed after each line.
import_report import_lines(caf::actor_system& system, buffer_lookup find,
                           std::istream& in, std::ostream& out,
                           std::size_t under_way = 256);

} // namespace hololoom
