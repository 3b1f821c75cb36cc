#include <hololoom/actors/storage/disk.hpp>
#include <hololoom/actors/storage/disk_file.hpp>
#include <hololoom/actors/storage/write_buffer.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <utility>

namespace hololoom {

namespace {

/// An open file; the lower VFS keeps its part right behind it.
struct disk_file {
  sqlite3_file base;
  disk* owner;
  bool is_log;
  /// Whether the log is extended ahead of the writes to it.
  bool grows_ahead;
  /// The log's length, the end of the last write, and the bytes written since
  /// the last sync.
  sqlite3_int64 size;
  sqlite3_int64 end;
  sqlite3_int64 unsynced;
  /// Null for files whose writes are not combined.
  std::unique_ptr<write_buffer> buffer;
};

disk_file& ours(sqlite3_file* f) {
  return *reinterpret_cast<disk_file*>(f);
}

sqlite3_file* lower(sqlite3_file* f) {
  return reinterpret_cast<sqlite3_file*>(&ours(f) + 1);
}

int code_of(disk_fault x, int broken) {
  switch (x) {
    case disk_fault::none: return SQLITE_OK;
    case disk_fault::full: return SQLITE_FULL;
    case disk_fault::read_only: return SQLITE_READONLY;
    case disk_fault::broken: return broken;
  }
  return broken;
}

int run_hooks(sqlite3_file* f, int size, int broken) {
  return code_of(ours(f).owner->before_write(static_cast<std::size_t>(size)),
                 broken);
}

int write_lower(sqlite3_file* f, const void* from, int size,
                sqlite3_int64 offset) {
  return lower(f)->pMethods->xWrite(lower(f), from, size, offset);
}

int flush(sqlite3_file* f) {
  auto& buffer = ours(f).buffer;
  if (!buffer || buffer->empty())
    return SQLITE_OK;
  return buffer->flush([f](const auto& bytes, sqlite3_int64 offset) {
    return write_lower(f, bytes.data(), static_cast<int>(bytes.size()), offset);
  });
}

int close(sqlite3_file* f) {
  auto b = lower(f);
  auto result = b->pMethods ? flush(f) : SQLITE_OK;
  auto closed = b->pMethods ? b->pMethods->xClose(b) : SQLITE_OK;
  std::destroy_at(&ours(f));
  return result == SQLITE_OK ? closed : result;
}

int read(sqlite3_file* f, void* to, int size, sqlite3_int64 offset) {
  auto& buffer = ours(f).buffer;
  if (buffer && buffer->overlaps(offset, static_cast<std::size_t>(size)))
    if (auto code = flush(f); code != SQLITE_OK)
      return code;
  auto result = lower(f)->pMethods->xRead(lower(f), to, size, offset);
  ++ours(f).owner->activity().reads;
  return result;
}

int write_buffered(sqlite3_file* f, const void* from, int size,
                   sqlite3_int64 offset) {
  auto& buffer = ours(f).buffer;
  if (!buffer)
    return write_lower(f, from, size, offset);
  auto bytes = static_cast<std::size_t>(size);
  if (buffer->add(from, bytes, offset))
    return SQLITE_OK;
  if (auto code = flush(f); code != SQLITE_OK)
    return code;
  return buffer->add(from, bytes, offset) ? SQLITE_OK
                                          : write_lower(f, from, size, offset);
}

int truncate(sqlite3_file* f, sqlite3_int64 size) {
  if (auto code = flush(f); code != SQLITE_OK)
    return code;
  if (auto code = run_hooks(f, 0, SQLITE_IOERR_TRUNCATE); code != SQLITE_OK)
    return code;
  auto result = lower(f)->pMethods->xTruncate(lower(f), size);
  if (result == SQLITE_OK)
    ours(f).size = size;
  return result;
}

/// Truncates the log to remove the pages of a transaction that failed.
///
/// SQLite writes the next transaction over them. If that one is shorter, the
/// rest of the failed one remains behind it: to a repair, which reads a damaged
/// log without SQLite, these pages look like the newest ones. They may have
/// rows whose askers were told that they are not stored.
///
/// The log has no committed pages from the place on where a transaction starts
/// to write: SQLite goes on right behind the last commit, or at the log's head
/// when all of it is in the database. So the cut removes nothing of value. It
/// precedes the transaction's first write, and the same sync makes both
/// durable. If it fails, so does the write.
int cut_if_due(sqlite3_file* f, sqlite3_int64 offset) {
  auto& due = ours(f).owner->log_cut_due();
  if (!ours(f).is_log || !due)
    return SQLITE_OK;
  // The buffer, too, has writes of the failed transaction only.
  ours(f).buffer->discard();
  auto result = ours(f).size > offset ? truncate(f, offset) : SQLITE_OK;
  due = result != SQLITE_OK;
  return result;
}

int write(sqlite3_file* f, const void* from, int size, sqlite3_int64 offset) {
  if (auto failed = cut_if_due(f, offset))
    return failed;
  auto result = run_hooks(f, size, SQLITE_IOERR_WRITE);
  if (result == SQLITE_OK)
    result = write_buffered(f, from, size, offset);
  auto& file = ours(f);
  if (result == SQLITE_OK) {
    ++file.owner->activity().writes;
    file.end = offset + size;
    file.size = std::max(file.size, file.end);
    file.unsynced += size;
  }
  return result;
}

/// Extends a log of small commits by many commits' worth of zeros, which SQLite
/// takes for the log's end. If each commit made the file longer, each sync
/// would have to write the new length as well, which takes longer than the
/// commit itself. Stops for good when the disk has no room for it.
void grow_ahead(sqlite3_file* f) {
  static const std::array<char, write_buffer::capacity> zeros{};
  constexpr sqlite3_int64 step = 262'144;
  auto& file = ours(f);
  auto written = std::exchange(file.unsynced, 0);
  if (!file.grows_ahead || written > step / 8 || file.end + written < file.size)
    return;
  constexpr auto size = static_cast<int>(zeros.size());
  for (auto to = file.size + step; file.grows_ahead && file.size < to;) {
    file.grows_ahead =
      run_hooks(f, size, SQLITE_IOERR_WRITE) == SQLITE_OK
      && write_lower(f, zeros.data(), size, file.size) == SQLITE_OK;
    if (!file.grows_ahead)
      return;
    ++file.owner->activity().writes;
    file.size += size;
  }
}

int sync(sqlite3_file* f, int flags) {
  if (auto code = flush(f); code != SQLITE_OK)
    return code;
  grow_ahead(f);
  auto& owner = *ours(f).owner;
  if (auto fault = owner.before_sync(); fault != disk_fault::none)
    return code_of(fault, SQLITE_IOERR_FSYNC);
  auto result = lower(f)->pMethods->xSync(lower(f), flags);
  ++owner.activity().syncs;
  return result;
}

int file_size(sqlite3_file* f, sqlite3_int64* size) {
  if (auto code = flush(f); code != SQLITE_OK)
    return code;
  return lower(f)->pMethods->xFileSize(lower(f), size);
}

int unlock(sqlite3_file* f, int level) {
  // The next holder of the lock must find all writes in the file.
  if (auto code = flush(f); code != SQLITE_OK)
    return code;
  return lower(f)->pMethods->xUnlock(lower(f), level);
}

/// Forwards a call to the lower VFS.
template <auto Method, class... Ts>
int forward_io(sqlite3_file* f, Ts... xs) {
  return (lower(f)->pMethods->*Method)(lower(f), xs...);
}

/// Version 1: without shared memory, which an exclusive connection does not
/// need.
const sqlite3_io_methods methods{
  1,
  close,
  read,
  write,
  truncate,
  sync,
  file_size,
  forward_io<&sqlite3_io_methods::xLock, int>,
  unlock,
  forward_io<&sqlite3_io_methods::xCheckReservedLock, int*>,
  forward_io<&sqlite3_io_methods::xFileControl, int, void*>,
  forward_io<&sqlite3_io_methods::xSectorSize>,
  forward_io<&sqlite3_io_methods::xDeviceCharacteristics>,
  nullptr,
  nullptr,
  nullptr,
  nullptr,
  nullptr,
  nullptr,
};

} // namespace

std::size_t disk_file_size() {
  return sizeof(disk_file);
}

int open_disk_file(disk& owner, sqlite3_vfs* vfs, const char* name,
                   sqlite3_file* f, int flags, int* out_flags) {
  auto& file = *new (f) disk_file{};
  file.owner = &owner;
  auto code = vfs->xOpen(vfs, name, lower(f), flags, out_flags);
  // SQLite does not close a file without methods, even if the lower file wants
  // to be closed.
  if (code == SQLITE_OK || lower(f)->pMethods)
    file.base.pMethods = &methods;
  if (code == SQLITE_OK
      && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB)) != 0)
    file.buffer = std::make_unique<write_buffer>();
  file.is_log = (flags & SQLITE_OPEN_WAL) != 0;
  file.grows_ahead =
    code == SQLITE_OK && file.is_log
    && lower(f)->pMethods->xFileSize(lower(f), &file.size) == SQLITE_OK;
  return code;
}

} // namespace hololoom
