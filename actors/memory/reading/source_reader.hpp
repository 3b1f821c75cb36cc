#pragma once

#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/shard.hpp>
#include <hololoom/messages/time.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

/// memory/reading: from files and folders to shards. The room owns the walk
/// through folders, decoding, and cutting text into shards; it blocks, on
/// threads of its own, and knows no actor. It may include memory/text and
/// messages. The command line reads with it.
///
/// A file's content, never its name, determines how it is read:
/// - gzip (recognised by its magic number) is decompressed, one layer deep;
/// - text is UTF-8; text that is plainly Latin-1 is converted;
/// - anything else is skipped, and reported with the reason.
///
/// Text is plainly Latin-1 if it has no valid UTF-8 past ASCII and no control
/// characters, and every byte past ASCII is a letter of a western language next
/// to another letter, or a common symbol such as the copyright sign.
///
/// Symbolic links are followed; a file reached twice is read once, so links
/// cannot form a cycle. Hidden files in folders (names that begin with a dot)
/// are left out. Sockets, devices and pipes are skipped. A file that cannot be
/// read does not keep the next from being read.

namespace hololoom {

/// How to read text and cut it.
struct reading_options {
  /// Larger files, and files that inflate to more, are skipped.
  std::uint64_t max_file_bytes = 64U << 20U;
  /// Shards end at the first suitable boundary past this many bytes...
  std::size_t shard_bytes = 700;
  /// ...and are never longer than this.
  std::size_t max_shard_bytes = 1200;
  /// 0: one for each core.
  std::size_t threads = 0;
  /// Approximate size of the text in a batch.
  std::size_t batch_bytes = 4U << 20U;
  /// Ends the reading.
  std::stop_token stop;
};

/// A file that could not be read, and the reason.
struct skipped_source {
  std::string path;
  /// `not_found`, `read_only` (no permission), `io_error`, `invalid_shard` (not
  /// text) or `not_supported` (too large, or not a regular file).
  errc code = errc::none;
  /// A sentence for the user; names the byte at which text stops being UTF-8.
  std::string reason;
  bool operator==(const skipped_source&) const = default;
};

/// Progress. A file counts once it is part of a batch.
struct reading_progress {
  std::uint64_t files = 0;
  std::uint64_t files_total = 0;
  /// Sizes on disk: gzip counts compressed.
  std::uint64_t bytes = 0;
  std::uint64_t bytes_total = 0;
};

/// The shards of some whole files, in order.
struct source_batch {
  std::vector<shard> shards;
  /// Every file that was read for this batch, even those without a shard.
  std::vector<std::string> sources;
};

/// The result of a reading.
struct reading_report {
  std::uint64_t files = 0;
  std::uint64_t shards = 0;
  /// The size of the text, decompressed.
  std::uint64_t text_bytes = 0;
  /// Sorted by path.
  std::vector<skipped_source> skipped;
};

/// Receives a batch; an error ends the reading and is its result.
using batch_sink = std::function<caf::error(source_batch)>;
using progress_sink = std::function<void(const reading_progress&)>;

/// Reads files and folders on a pool of threads, and passes their shards to
/// `sink` on the calling thread, in the order of the sorted paths. Blocks until
/// everything is read: not for a scheduler thread.
/// @returns the first error of `sink`, `errc::cancelled` soon after a stop was
///          requested, or `errc::unavailable` if a file could not be opened
///          because no descriptor is left; problems with files are in the
///          report.
caf::expected<reading_report>
read_sources(const std::vector<std::string>& paths, const batch_sink& sink,
             const reading_options& options = {},
             const progress_sink& progress = {});

/// Cuts text into shards at headings, paragraphs and sentences.
///
/// A shard's `metadata` has `source`, `offset` (the byte in the inflated text
/// where it begins), `heading` (the Markdown heading above it, if any) and
/// `time`. Its `episode` is the source. Its id is derived from source, offset
/// and text, so that reading the file again changes nothing. Takes time in
/// proportion to the text, whatever it is; once a stop was requested, the
/// result lacks its end.
/// @pre `text` is UTF-8.
std::vector<shard> split_text(std::string_view text, const std::string& source,
                              timestamp time,
                              const reading_options& options = {});

/// Decompresses gzip.
/// @returns `errc::not_supported` for more than `limit` bytes, `errc::corrupt`
///          for damaged or truncated data.
caf::expected<std::string> inflate_gzip(std::string_view packed,
                                        std::uint64_t limit);

/// Decodes text.
/// @returns UTF-8, or `errc::invalid_shard` with the offset of the first byte
///          that is not text.
caf::expected<std::string> decode_text(std::string bytes);

} // namespace hololoom
