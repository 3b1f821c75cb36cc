#pragma once

#include <cstdint>
#include <filesystem>

namespace hololoom {

/// The number of the last acknowledged episode, in a file beside the journal.
///
/// SQLite takes a log whose last transaction is damaged for one that a crash
/// cut short, and drops that transaction; the mark shows that it is missing.
/// The file is written after each commit and never synced: after a power loss
/// it may be behind, never ahead, so that it raises no false alarm and costs no
/// second sync.
///
/// Belongs to one thread.
class high_water_mark {
public:
  high_water_mark() = default;
  high_water_mark(const high_water_mark&) = delete;
  high_water_mark& operator=(const high_water_mark&) = delete;
  ~high_water_mark();

  /// Opens or creates the file. A file that cannot be read or written is
  /// ignored: the journal works without a mark.
  void open(const std::filesystem::path& file);

  /// The number in the file; 0 if it has none.
  std::int64_t value() const { return value_; }

  void raise(std::int64_t sequence);

private:
  int fd_ = -1;
  std::int64_t value_ = 0;
};

/// Where the mark of a journal is: `journal.mark` beside it.
std::filesystem::path high_water_file(const std::filesystem::path& journal);

/// Reads the mark of a journal; 0 if it has none.
std::int64_t high_water_of(const std::filesystem::path& journal);

} // namespace hololoom
