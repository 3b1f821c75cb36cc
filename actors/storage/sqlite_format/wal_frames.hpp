#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace hololoom {

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
  std::string_view content;
  frame_standing standing = frame_standing::moved;
  /// Whether its checksum shows that it follows the frame before it.
  bool intact = false;
};

/// The frames of `log`, in order, even if frames or the log's header are
/// damaged. Omits the zeros with which a log is extended.
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
std::vector<wal_frame> read_wal_frames(std::string_view log,
                                       std::size_t page_size);

} // namespace hololoom
