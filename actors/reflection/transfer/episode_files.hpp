#pragma once

#include <hololoom/actors/reflection/transfer/import_pipeline.hpp>
#include <hololoom/messages/json/write.hpp>
#include <hololoom/messages/reflection.hpp>

#include <caf/fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <stop_token>
#include <string>
#include <vector>

/// The transfer room: import and export of episodes, as JSON files (here) and
/// as lines of JSON. `import_pipeline` stores many episodes at once through a
/// buffer that may be restarted. It may know learning, the role's options,
/// storage and messages. The command line uses it, and the buffer to write
/// episode files.

namespace hololoom {

class disk;

/// `episode_20261123_155408_123456_<id>.json`, with the time of the episode.
std::string episode_file_name(timestamp at, const std::string& id);

/// Writes an episode to a JSON file in `directory`, completely or not at all.
/// @param text the episode as JSON.
/// @param through as in `write_atomically`.
caf::error write_episode_file(const std::filesystem::path& directory,
                              timestamp at, const std::string& id,
                              const std::string& text,
                              const disk* through = nullptr);

inline caf::error write_episode_file(const std::filesystem::path& directory,
                                     const episode& x,
                                     const disk* through = nullptr) {
  return write_episode_file(directory, x.at, x.id, json_text(x), through);
}

/// The length of the longest file, or line, that is read as an episode.
inline constexpr std::size_t longest_import = 16 << 20;

/// The error for a longer one.
caf::error too_long_to_import();

/// Reads a file that `write_episode_file` or the original wrote. An episode
/// without an id gets one that depends only on its contents, so that reading
/// the file twice yields the same episode.
/// @returns `errc::invalid_json` with the file's name if it is damaged or
/// longer
///          than `longest_import`.
caf::expected<episode> read_episode_file(const std::filesystem::path& file);

/// Answers a page of stored episodes, as the buffer does.
using episode_source =
  std::function<caf::expected<episode_page>(const episodes_query&)>;

/// Writes each episode of `from` to `directory`, which it creates if it is
/// missing. Blocks.
/// @returns the number of episodes, the first error of `from`, or `cancelled`
///          once `stop` was requested.
caf::expected<std::int64_t>
export_episodes(const episode_source& from,
                const std::filesystem::path& directory,
                const std::stop_token& stop = {});

/// The result of an import.
struct import_report {
  std::int64_t stored = 0;
  /// How many of these had been stored before, with the same content.
  std::int64_t duplicates = 0;
  /// Files or lines that could not be read or stored, each with the reason.
  std::vector<std::string> failed;

  static constexpr auto fields() {
    return members(member("stored", &import_report::stored),
                   member("duplicates", &import_report::duplicates),
                   member("failed", &import_report::failed));
  }
  bool operator==(const import_report&) const = default;
};

/// Stores the episode of each JSON file in `directory`. Moves damaged files to
/// `directory/damaged`, never over an existing one; files that are too long
/// stay. Follows a buffer across restarts. Blocks. Once `stop` is requested, it
/// reads no further file and ends soon, with what was stored until then.
caf::expected<import_report>
import_episodes(caf::actor_system& system, buffer_lookup find,
                const std::filesystem::path& directory,
                const std::stop_token& stop = {});

/// Stores an episode for each line of `in`, up to `most_in_flight` at once, and
/// writes `{"id": "...", "durable": true, "duplicate": false}` to `out` as soon
/// as it is durable, or `{"id": "...", "durable": false, "error": "..."}`;
/// answers may arrive in another order than the lines. A line needs
/// `query_text`, `response`, `tool_used` and `confidence`, and may have `id`,
/// `feedback` and `reward`; or it is an exported episode. A line longer than
/// `longest_import` is refused, and never kept in memory. Follows a buffer
/// across restarts. Blocks until `in` ends and all lines are answered. Once
/// `stop` is requested, it drops the line that it has not read to its end,
/// takes no other, and ends soon.
///
/// One thread at a time writes to `out`, and flushes it after each line.
import_report import_lines(caf::actor_system& system, buffer_lookup find,
                           std::istream& in, std::ostream& out,
                           std::size_t most_in_flight = 256,
                           const std::stop_token& stop = {});

} // namespace hololoom
