#include <hololoom/actors/storage/disk.hpp>
#include <hololoom/actors/storage/gathered_writes.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <utility>

namespace hololoom {

disk_fault disk_hooks::before_write(std::size_t) {
  return disk_fault::none;
}

disk_fault disk_hooks::before_sync() {
  return disk_fault::none;
}

namespace {

/// Our part of an open file; the layer below keeps its own right behind it.
struct layered_file {
  sqlite3_file base;
  disk* owner;
  bool is_log;
  /// Of a log: whether it is made longer ahead of what is written, how long it
  /// is, where the last write ended, and what was written since the last sync.
  bool grows_ahead;
  sqlite3_int64 size;
  sqlite3_int64 end;
  sqlite3_int64 unsynced;
  /// What is to be written; null for files whose writes are not gathered.
  std::unique_ptr<gathered_writes> gathered;
  sqlite3_file* below() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

layered_file& ours(sqlite3_file* f) {
  return *reinterpret_cast<layered_file*>(f);
}

sqlite3_file* below(sqlite3_file* f) {
  return ours(f).below();
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

int ask_hooks(sqlite3_file* f, int size, int broken) {
  auto hooks = ours(f).owner->hooks();
  auto fault = hooks ? hooks->before_write(static_cast<std::size_t>(size))
                     : disk_fault::none;
  return code_of(fault, broken);
}

void count_write(sqlite3_file* f) {
  ours(f).owner->activity()->writes.fetch_add(1, std::memory_order_relaxed);
}

int write_below(sqlite3_file* f, const void* from, int size,
                sqlite3_int64 offset) {
  return below(f)->pMethods->xWrite(below(f), from, size, offset);
}

/// Writes what was gathered.
int put_down(sqlite3_file* f) {
  auto& gathered = ours(f).gathered;
  if (!gathered || gathered->empty())
    return SQLITE_OK;
  return gathered->take([f](const auto& bytes, sqlite3_int64 offset) {
    return write_below(f, bytes.data(), static_cast<int>(bytes.size()), offset);
  });
}

int close(sqlite3_file* f) {
  auto b = below(f);
  auto result = b->pMethods ? put_down(f) : SQLITE_OK;
  auto closed = b->pMethods ? b->pMethods->xClose(b) : SQLITE_OK;
  std::destroy_at(&ours(f));
  return result == SQLITE_OK ? closed : result;
}

int read(sqlite3_file* f, void* to, int size, sqlite3_int64 offset) {
  auto& gathered = ours(f).gathered;
  if (gathered && gathered->overlaps(offset, static_cast<std::size_t>(size)))
    if (auto code = put_down(f); code != SQLITE_OK)
      return code;
  auto result = below(f)->pMethods->xRead(below(f), to, size, offset);
  ours(f).owner->activity()->reads.fetch_add(1, std::memory_order_relaxed);
  return result;
}

/// Gathers a write, or does it.
int put(sqlite3_file* f, const void* from, int size, sqlite3_int64 offset) {
  auto& gathered = ours(f).gathered;
  if (!gathered)
    return write_below(f, from, size, offset);
  auto bytes = static_cast<std::size_t>(size);
  if (gathered->add(from, bytes, offset))
    return SQLITE_OK;
  if (auto code = put_down(f); code != SQLITE_OK)
    return code;
  return gathered->add(from, bytes, offset)
         ? SQLITE_OK
         : write_below(f, from, size, offset);
}

int truncate(sqlite3_file* f, sqlite3_int64 size) {
  if (auto code = put_down(f); code != SQLITE_OK)
    return code;
  if (auto code = ask_hooks(f, 0, SQLITE_IOERR_TRUNCATE); code != SQLITE_OK)
    return code;
  ours(f).size = size;
  return below(f)->pMethods->xTruncate(below(f), size);
}

/// Cuts off the log what a transaction left there that did not come to pass.
///
/// SQLite writes the next transaction over it. If that one is shorter, the rest
/// of the other stays behind it: pages that look like the newest ones to
/// whoever reads a damaged log without SQLite. They must not: they may have
/// rows of which the asker was told that they are not stored.
///
/// Whatever is in the log from the place on where a transaction begins to write
/// is of none that was committed: SQLite goes on right behind the last commit,
/// or at the log's head when all of it is in the database. So nothing is cut
/// that anybody needs. It is cut before that transaction is written, and the
/// same sync makes both durable. As long as it cannot be cut, nothing is
/// written either.
int cut_if_due(sqlite3_file* f, sqlite3_int64 offset) {
  auto& due = ours(f).owner->log_to_cut();
  if (!ours(f).is_log || !due)
    return SQLITE_OK;
  // What was gathered is of that transaction, too.
  ours(f).gathered->drop();
  auto result = ours(f).size > offset ? truncate(f, offset) : SQLITE_OK;
  due = result != SQLITE_OK;
  return result;
}

int write(sqlite3_file* f, const void* from, int size, sqlite3_int64 offset) {
  if (auto failed = cut_if_due(f, offset))
    return failed;
  auto result = ask_hooks(f, size, SQLITE_IOERR_WRITE);
  if (result == SQLITE_OK)
    result = put(f, from, size, offset);
  auto& file = ours(f);
  if (result == SQLITE_OK) {
    count_write(f);
    file.end = offset + size;
    file.size = std::max(file.size, file.end);
    file.unsynced += size;
  }
  return result;
}

/// Where a log becomes longer with each commit, each sync has to write the
/// file's new length as well, which takes longer than the commit itself. So a
/// log of small commits is made longer by many of them at once, with zeros,
/// which SQLite takes for the log's end. A disk that has no room for that is
/// left alone.
void grow_ahead(sqlite3_file* f) {
  static const std::array<char, gathered_writes::capacity> zeros{};
  constexpr sqlite3_int64 step = 262'144;
  auto& file = ours(f);
  auto written = std::exchange(file.unsynced, 0);
  if (!file.grows_ahead || written > step / 8 || file.end + written < file.size)
    return;
  constexpr auto size = static_cast<int>(zeros.size());
  for (auto to = file.size + step; file.grows_ahead && file.size < to;) {
    file.grows_ahead =
      ask_hooks(f, size, SQLITE_IOERR_WRITE) == SQLITE_OK
      && write_below(f, zeros.data(), size, file.size) == SQLITE_OK;
    if (!file.grows_ahead)
      return;
    count_write(f);
    file.size += static_cast<sqlite3_int64>(zeros.size());
  }
}

int sync(sqlite3_file* f, int flags) {
  if (auto code = put_down(f); code != SQLITE_OK)
    return code;
  grow_ahead(f);
  auto owner = ours(f).owner;
  if (auto hooks = owner->hooks()) {
    auto fault = hooks->before_sync();
    if (fault != disk_fault::none)
      return code_of(fault, SQLITE_IOERR_FSYNC);
  }
  auto result = below(f)->pMethods->xSync(below(f), flags);
  owner->activity()->syncs.fetch_add(1, std::memory_order_relaxed);
  return result;
}

int file_size(sqlite3_file* f, sqlite3_int64* size) {
  if (auto code = put_down(f); code != SQLITE_OK)
    return code;
  return below(f)->pMethods->xFileSize(below(f), size);
}

int lock(sqlite3_file* f, int level) {
  return below(f)->pMethods->xLock(below(f), level);
}

int unlock(sqlite3_file* f, int level) {
  // Whoever locks it next must find everything.
  if (auto code = put_down(f); code != SQLITE_OK)
    return code;
  return below(f)->pMethods->xUnlock(below(f), level);
}

int check_reserved_lock(sqlite3_file* f, int* result) {
  return below(f)->pMethods->xCheckReservedLock(below(f), result);
}

int file_control(sqlite3_file* f, int op, void* arg) {
  return below(f)->pMethods->xFileControl(below(f), op, arg);
}

int sector_size(sqlite3_file* f) {
  return below(f)->pMethods->xSectorSize(below(f));
}

int device_characteristics(sqlite3_file* f) {
  return below(f)->pMethods->xDeviceCharacteristics(below(f));
}

/// Version 1: no shared memory, for which an exclusive connection has no need.
const sqlite3_io_methods methods{
  1,
  close,
  read,
  write,
  truncate,
  sync,
  file_size,
  lock,
  unlock,
  check_reserved_lock,
  file_control,
  sector_size,
  device_characteristics,
  nullptr,
  nullptr,
  nullptr,
  nullptr,
  nullptr,
  nullptr,
};

/// The layer below is kept in `pAppData` of a VFS whose name is ours.
struct layer : sqlite3_vfs {
  sqlite3_vfs* base = nullptr;
  disk* owner = nullptr;
};

layer& as_layer(sqlite3_vfs* vfs) {
  return *static_cast<layer*>(vfs->pAppData);
}

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* f, int flags,
         int* out_flags) {
  auto& l = as_layer(vfs);
  auto file = new (f) layered_file{};
  file->owner = l.owner;
  auto code = l.base->xOpen(l.base, name, file->below(), flags, out_flags);
  // Without methods, SQLite does not close the file: the one below is then
  // closed here if it wants to be.
  if (code == SQLITE_OK || file->below()->pMethods)
    file->base.pMethods = &methods;
  if (code == SQLITE_OK
      && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB)) != 0)
    file->gathered = std::make_unique<gathered_writes>();
  file->is_log = (flags & SQLITE_OPEN_WAL) != 0;
  file->grows_ahead =
    code == SQLITE_OK && file->is_log
    && below(f)->pMethods->xFileSize(below(f), &file->size) == SQLITE_OK;
  return code;
}

std::string unique_name() {
  static std::atomic<std::uint64_t> serial{0};
  return "hololoom-" + std::to_string(++serial);
}

/// Passes a call on to the layer below.
template <auto Member, class... Ts>
auto pass_on(sqlite3_vfs* vfs, Ts... xs) {
  auto base = as_layer(vfs).base;
  return (base->*Member)(base, xs...);
}

} // namespace

disk::disk(std::shared_ptr<disk_hooks> hooks, const std::string& below,
           std::shared_ptr<disk_activity> activity)
  : hooks_(std::move(hooks)),
    activity_(activity ? std::move(activity)
                       : std::make_shared<disk_activity>()),
    name_(unique_name()) {
  auto l = std::make_shared<layer>();
  l->base = sqlite3_vfs_find(below.empty() ? nullptr : below.c_str());
  l->owner = this;
  static_cast<sqlite3_vfs&>(*l) = *l->base;
  l->iVersion = 1;
  l->szOsFile = static_cast<int>(sizeof(layered_file)) + l->base->szOsFile;
  l->pNext = nullptr;
  l->zName = name_.c_str();
  l->pAppData = l.get();
  l->xOpen = open;
  l->xDelete = pass_on<&sqlite3_vfs::xDelete, const char*, int>;
  l->xAccess = pass_on<&sqlite3_vfs::xAccess, const char*, int, int*>;
  l->xFullPathname =
    pass_on<&sqlite3_vfs::xFullPathname, const char*, int, char*>;
  l->xDlOpen = nullptr;
  l->xDlError = nullptr;
  l->xDlSym = nullptr;
  l->xDlClose = nullptr;
  l->xRandomness = pass_on<&sqlite3_vfs::xRandomness, int, char*>;
  l->xSleep = pass_on<&sqlite3_vfs::xSleep, int>;
  l->xCurrentTime = pass_on<&sqlite3_vfs::xCurrentTime, double*>;
  l->xGetLastError = pass_on<&sqlite3_vfs::xGetLastError, int, char*>;
  vfs_ = l;
  sqlite3_vfs_register(l.get(), 0);
}

disk_fault disk::write_beside(std::size_t bytes) const {
  auto fault = hooks_ ? hooks_->before_write(bytes) : disk_fault::none;
  activity_->writes.fetch_add(1, std::memory_order_relaxed);
  return fault;
}

disk_fault disk::sync_beside() const {
  auto fault = hooks_ ? hooks_->before_sync() : disk_fault::none;
  activity_->syncs.fetch_add(1, std::memory_order_relaxed);
  return fault;
}

disk::~disk() {
  sqlite3_vfs_unregister(vfs_.get());
}

} // namespace hololoom
