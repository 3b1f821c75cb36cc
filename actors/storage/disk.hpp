#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

struct sqlite3_vfs;

namespace hololoom {

/// What a disk may answer instead of doing as told.
enum class disk_fault : std::uint8_t {
  none = 0,
  full = 1,
  read_only = 2,
  broken = 3,
};

/// Stands between the journal, with the files beside it, and the file system:
/// sees each write and sync before it happens, may delay it, and may make it
/// fail. For demonstrations of slow disks and for tests of broken ones.
///
/// Called from the journal's thread.
class disk_hooks {
public:
  virtual ~disk_hooks() = default;

  /// A write of `bytes`, or a file being cut when that is 0; what it returns is
  /// what the journal gets.
  virtual disk_fault before_write(std::size_t bytes);

  /// A sync of one file.
  virtual disk_fault before_sync();
};

/// Counts what the disk has done. Safe to read from any thread.
struct disk_activity {
  std::atomic<std::uint64_t> reads{0};
  std::atomic<std::uint64_t> writes{0};
  std::atomic<std::uint64_t> syncs{0};

  std::uint64_t total() const {
    return reads.load() + writes.load() + syncs.load();
  }
};

/// The journal's file layer: a SQLite VFS that passes everything on to another
/// one, counts writes and syncs, and lets hooks stand before them. It gathers
/// the writes of a commit, and makes a log longer ahead of what is written to
/// it, so that a commit needs few calls and a short sync. It is known to SQLite
/// under `name()` for as long as it lives, and must outlive the connections
/// that use it.
class disk {
public:
  /// @param hooks may be null.
  /// @param below the VFS that does the work; empty: the system's.
  /// @param activity where to count; null: in counters of its own.
  explicit disk(std::shared_ptr<disk_hooks> hooks = nullptr,
                const std::string& below = {},
                std::shared_ptr<disk_activity> activity = nullptr);
  disk(const disk&) = delete;
  disk& operator=(const disk&) = delete;
  ~disk();

  const std::string& name() const { return name_; }

  const std::shared_ptr<disk_activity>& activity() const { return activity_; }

  disk_hooks* hooks() const { return hooks_.get(); }

  /// For files that are written beside the journal: asks the hooks and counts,
  /// as for the journal itself.
  disk_fault write_beside(std::size_t bytes) const;
  disk_fault sync_beside() const;

  /// What a transaction wrote to the log is not to stay: it was taken back.
  /// The log is cut before it is next written to, where that write begins.
  void cut_log() { cut_log_ = true; }

  /// Whether the log is to be cut now; asked by the file layer.
  bool& log_to_cut() { return cut_log_; }

private:
  std::shared_ptr<disk_hooks> hooks_;
  std::shared_ptr<disk_activity> activity_;
  std::string name_;
  std::shared_ptr<sqlite3_vfs> vfs_;
  /// Before the first write, too: whoever had the log before may have died in
  /// the middle of a transaction.
  bool cut_log_ = true;
};

} // namespace hololoom
