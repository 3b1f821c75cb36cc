#pragma once

#include <cstdint>
#include <filesystem>

namespace hololoom {

/// The number of the last episode that was acknowledged, in a file beside the
/// journal.
///
/// SQLite takes a log whose last transaction is damaged for one that was cut
/// short, and drops that transaction. Who has the number elsewhere sees that it
/// is missing. The file is written after each commit and not synced: after a
/// power loss it may be behind, never ahead, so that it raises no false alarm
/// and costs no second sync.
///
/// Belongs to one thread.
class high_water_mark {
public:
  high_water_mark() = default;
  high_water_mark(const high_water_mark&) = delete;
  high_water_mark& operator=(const high_water_mark&) = delete;
  ~high_water_mark();

  /// Opens or creates the file. What cannot be read or written counts for
  /// nothing: the journal does without.
  void open(const std::filesystem::path& file);

  /// What the file says; 0 if it says nothing.
  std::int64_t mark() const { return mark_; }

  void raise(std::int64_t sequence);

private:
  int fd_ = -1;
  std::int64_t mark_ = 0;
};

/// Where the mark of a journal is kept.
std::filesystem::path high_water_file(const std::filesystem::path& journal);

/// What the mark of a journal says; 0 if nothing.
std::int64_t high_water_of(const std::filesystem::path& journal);

} // namespace hololoom
