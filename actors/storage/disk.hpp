#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

struct sqlite3_vfs;

/// The storage room: what the stores of memory and of reflection stand on.
/// SQLite handles (`sqlite`), the file layer below SQLite (`disk`), file locks,
/// atomic files, high water marks; and in sqlite_format/ what SQLite does not
/// say about a damaged database and its log. It may know messages, and knows no
/// actor, no shard and no episode.

namespace hololoom {

/// How a disk may fail a call.
enum class disk_fault : std::uint8_t {
  none = 0,
  full = 1,
  read_only = 2,
  broken = 3,
};

/// Sees each write and sync of a journal, and of the files beside it, before it
/// happens; may delay it or make it fail. For demonstrations of slow disks and
/// tests of broken ones.
///
/// Called on the journal's thread. One that throws counts as a broken disk:
/// SQLite, which calls it, knows no exceptions.
class disk_hooks {
public:
  virtual ~disk_hooks() = default;

  /// Called before a write of `bytes`, or before a file is truncated when that
  /// is 0. The journal gets the result.
  virtual disk_fault before_write(std::size_t) { return disk_fault::none; }

  /// Called before a file is synced.
  virtual disk_fault before_sync() { return disk_fault::none; }
};

/// Counts a disk's calls. Safe to read from any thread.
struct disk_activity {
  std::atomic<std::uint64_t> reads{0};
  std::atomic<std::uint64_t> writes{0};
  std::atomic<std::uint64_t> syncs{0};

  std::uint64_t total() const {
    return reads.load() + writes.load() + syncs.load();
  }
};

/// The file layer below a journal: a SQLite VFS that forwards to another one,
/// counts calls and runs hooks before them. It combines the writes of a commit,
/// and extends a log ahead of the writes to it, so that a commit needs few
/// calls and a short sync. SQLite knows it by `name()` for as long as it lives;
/// it must outlive the connections that use it.
class disk {
public:
  /// @param hooks may be null.
  /// @param lower the VFS that does the work; empty: the system's.
  /// @param activity where to count; null: in counters of its own.
  explicit disk(std::shared_ptr<disk_hooks> hooks = nullptr,
                const std::string& lower = {},
                std::shared_ptr<disk_activity> activity = nullptr);
  disk(const disk&) = delete;
  disk& operator=(const disk&) = delete;
  ~disk();

  const std::string& name() const { return name_; }

  /// Run the hooks, for calls of this layer and for those on files beside the
  /// journal, which the caller counts as well.
  disk_fault before_write(std::size_t bytes) const noexcept;
  disk_fault before_sync() const noexcept;
  disk_activity& activity() const { return *activity_; }

  /// A transaction was rolled back: the next write to the log truncates it
  /// first, at the place of that write.
  void cut_log() { log_cut_due_ = true; }

  /// Whether that is due.
  bool& log_cut_due() { return log_cut_due_; }

private:
  std::shared_ptr<disk_hooks> hooks_;
  std::shared_ptr<disk_activity> activity_;
  std::string name_;
  std::shared_ptr<sqlite3_vfs> vfs_;
  /// True before the first write: a previous process may have died in the
  /// middle of a transaction.
  bool log_cut_due_ = true;
};

} // namespace hololoom
