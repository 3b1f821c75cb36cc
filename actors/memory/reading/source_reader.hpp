#pragma once

#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/shard.hpp>
#include <hololoom/messages/time.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// From files and folders to shards.
///
/// What a file holds is told by its content, never by its name:
/// - gzip (by its magic number) is read through, one layer deep;
/// - text is UTF-8, or, if it is plainly not UTF-8 but Latin-1, is converted;
/// - anything else is skipped, and reported with the reason.
///
/// Latin-1 is plain when the text has no valid UTF-8 past ASCII, no control
/// characters, and every byte past ASCII is a letter of a western language next
/// to another letter, or a common sign such as the copyright sign.
///
/// Symbolic links are followed; a file that is reached twice is read once, so
/// links cannot make a cycle. In folders, names that begin with a point are
/// left out. Sockets, devices and pipes are skipped. Whatever goes wrong with
/// one file, the next is read.

namespace hololoom {

/// How text is read and cut.
struct reading_options {
  /// A larger file, or one that inflates to more, is skipped.
  std::uint64_t max_file_bytes = 64U << 20U;
  /// Shards end at the first good place past this many bytes...
  std::size_t shard_bytes = 700;
  /// ...and are never longer than this.
  std::size_t max_shard_bytes = 1200;
  /// 0: one for each core.
  std::size_t threads = 0;
  /// About how much text goes into one batch.
  std::size_t batch_bytes = 4U << 20U;
};

/// A file that was not read, and why.
struct skipped_source {
  std::string path;
  /// `not_found`, `read_only` (no permission), `io_error`, `invalid_shard` (it
  /// is no text) or `not_supported` (too large, or no regular file).
  errc code = errc::none;
  /// For people; says at which byte a text stops being UTF-8.
  std::string reason;
  bool operator==(const skipped_source&) const = default;
};

/// How far it is. Files and bytes are counted when their batch was taken.
struct reading_progress {
  std::uint64_t files = 0;
  std::uint64_t files_total = 0;
  /// As they are on disk, so gzip counts packed.
  std::uint64_t bytes = 0;
  std::uint64_t bytes_total = 0;
};

/// The shards of some whole files, in order.
struct source_batch {
  std::vector<shard> shards;
  /// Every file that was read for this batch, also those without any shard.
  std::vector<std::string> sources;
};

/// What came of it.
struct reading_report {
  std::uint64_t files = 0;
  std::uint64_t shards = 0;
  /// Of text, inflated.
  std::uint64_t text_bytes = 0;
  /// In the order of paths.
  std::vector<skipped_source> skipped;
};

/// Takes a batch; an error ends the reading and is its result.
using batch_sink = std::function<caf::error(source_batch)>;
using progress_sink = std::function<void(const reading_progress&)>;

/// Reads `paths`, files and folders, with a pool of threads of its own, and
/// hands their shards to `sink`, on the calling thread and in the order of the
/// sorted paths. Blocks until all is read: not for a scheduler thread.
/// @returns the first error of `sink`; what is wrong with a file is in the
///          report instead.
caf::expected<reading_report>
read_sources(const std::vector<std::string>& paths, const batch_sink& sink,
             const reading_options& options = {},
             const progress_sink& progress = {});

/// Cuts text into shards at headings, paragraphs and sentences.
///
/// A shard's `metadata` has `source`, `offset` (the byte in the inflated text
/// where it begins), `heading` (the Markdown heading above it, if any) and
/// `time`. Its `episode` is the source. Its id is made from source, offset and
/// text, so that reading again changes nothing.
/// @pre `text` is UTF-8.
std::vector<shard> split_text(std::string_view text, const std::string& source,
                              timestamp time,
                              const reading_options& options = {});

/// gzip inflated.
/// @returns `errc::not_supported` if it is more than `limit` bytes,
///          `errc::corrupt` if it is damaged or cut short.
caf::expected<std::string> inflate_gzip(std::string_view packed,
                                        std::uint64_t limit);

/// Whether `bytes` are text: the text as UTF-8, or why not
/// (`errc::invalid_shard`, with the offset of the first byte that is wrong).
caf::expected<std::string> decode_text(std::string bytes);

} // namespace hololoom
