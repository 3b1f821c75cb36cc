#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace hololoom {

/// What a frame of a log counts for.
enum class frame_standing : std::uint8_t {
  /// Of an earlier generation of the log: all of that was moved into the
  /// database before this one began.
  moved,
  /// Of a transaction that was committed.
  committed,
  /// Of a last transaction that is damaged or was cut short, or left behind by
  /// one that failed: nobody can tell.
  doubtful,
};

/// A page in a log.
struct log_frame {
  std::uint32_t page = 0;
  std::string_view content;
  frame_standing standing = frame_standing::moved;
  /// Whether its checksum says that it follows what is before it.
  bool intact = false;
};

/// The frames of `log`, in their order, whatever is damaged: a frame, or the
/// log's own header. The zeros with which a log is made longer are left out.
///
/// A frame's checksum goes on from that of the frame before it, so that it
/// proves that the one was written right after the other. That tells more than
/// the frame's own fields do:
/// - Frames that follow each other are of one generation, also when the salts,
///   which name it, are damaged.
/// - SQLite begins a transaction only behind the last one that was committed.
///   So what is before such a beginning was committed, and is whole but for the
///   damage.
/// - What a failed transaction left behind, and a shorter one was written over,
///   does not follow from that one and has no later transaction behind it. A
///   damaged last transaction looks just like that.
std::vector<log_frame> read_log_frames(std::string_view log,
                                       std::size_t page_size);

} // namespace hololoom
