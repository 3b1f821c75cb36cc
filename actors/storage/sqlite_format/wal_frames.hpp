#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace hololoom {

/// The size of a journal's pages: SQLite's default, but the journal asks for
/// it, because a damaged file may not say what it is.
inline constexpr std::size_t sqlite_page_size = 4096;

/// How far a frame's content can be trusted.
enum class frame_standing : std::uint8_t {
  /// From an earlier generation of the log, all of which was moved into the
  /// database before the current one began.
  moved,
  /// From a committed transaction.
  committed,
  /// From a last transaction that is damaged or was cut short, or left over
  /// from one that failed: these look the same.
  doubtful,
};

/// A page in a log.
struct wal_frame {
  std::uint32_t page = 0;
  /// Where its content begins in the log.
  std::int64_t at = 0;
  frame_standing standing = frame_standing::moved;
  /// Whether its checksum shows that it follows the frame before it.
  bool intact = false;
};

/// A write-ahead log, read further than SQLite reads it.
struct wal_contents {
  /// In order, without the zeros with which a log is extended.
  std::vector<wal_frame> frames;
  bool header_intact = false;
  /// How many frames SQLite would read: those before the first wrong one.
  std::size_t accepted = 0;
  /// How many belong to transactions that are known to be committed, damaged
  /// ones included.
  std::size_t committed = 0;
};

/// Reads the log of the database `file`, even if frames or the log's header are
/// damaged.
///
/// A frame's checksum continues that of the frame before it: it proves that the
/// one was written right after the other. That tells more than the frame's own
/// fields do:
/// - Linked frames are of one generation, even if the salts, which name it, are
///   damaged.
/// - SQLite starts a transaction only behind the last committed one. So all
///   frames before such a start were committed, and are whole but for the
///   damage.
/// - The rest of a failed transaction, over which a shorter one was written,
///   does not continue that one and has no later transaction behind it. A
///   damaged last transaction looks just like that.
wal_contents read_wal(const std::filesystem::path& file);

} // namespace hololoom
