#include "storage/volatile_disk.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <vector>

namespace hololoom::test {

namespace {

constexpr std::size_t sector = 512;

/// A write or, without data, a truncation that no sync has made durable.
struct change {
  std::size_t at = 0;
  std::string data;
};

void overlay(std::string& bytes, const change& x) {
  if (x.data.empty()) {
    bytes.resize(std::min(bytes.size(), x.at));
    return;
  }
  if (bytes.size() < x.at + x.data.size())
    bytes.resize(x.at + x.data.size());
  std::memcpy(bytes.data() + x.at, x.data.data(), x.data.size());
}

struct contents {
  std::string now;
  std::string durable;
  std::vector<change> pending;
  bool exists = true;
  bool exists_durably = false;
};

} // namespace

struct volatile_disk::impl {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<contents>> files;
  std::string name;
  bool off = false;
  bool refuses_truncation = false;
  sqlite3_vfs vfs{};
};

namespace {

struct handle {
  sqlite3_file base;
  volatile_disk::impl* disk;
  std::shared_ptr<contents> file;
};

handle& of(sqlite3_file* f) {
  return *reinterpret_cast<handle*>(f);
}

int close(sqlite3_file* f) {
  of(f).file.~shared_ptr();
  return SQLITE_OK;
}

int read(sqlite3_file* f, void* to, int size, sqlite3_int64 offset) {
  std::lock_guard guard{of(f).disk->mutex};
  if (of(f).disk->off)
    return SQLITE_IOERR_READ;
  const auto& bytes = of(f).file->now;
  auto begin = std::min(bytes.size(), static_cast<std::size_t>(offset));
  auto n = std::min(bytes.size() - begin, static_cast<std::size_t>(size));
  std::memcpy(to, bytes.data() + begin, n);
  if (n == static_cast<std::size_t>(size))
    return SQLITE_OK;
  std::memset(static_cast<char*>(to) + n, 0,
              static_cast<std::size_t>(size) - n);
  return SQLITE_IOERR_SHORT_READ;
}

int change_file(sqlite3_file* f, change x) {
  std::lock_guard guard{of(f).disk->mutex};
  if (of(f).disk->off)
    return SQLITE_IOERR_WRITE;
  if (x.data.empty() && of(f).disk->refuses_truncation)
    return SQLITE_IOERR_TRUNCATE;
  overlay(of(f).file->now, x);
  of(f).file->pending.push_back(std::move(x));
  return SQLITE_OK;
}

int write(sqlite3_file* f, const void* from, int size, sqlite3_int64 offset) {
  return change_file(
    f, {static_cast<std::size_t>(offset),
        {static_cast<const char*>(from), static_cast<std::size_t>(size)}});
}

int truncate(sqlite3_file* f, sqlite3_int64 size) {
  return change_file(f, {static_cast<std::size_t>(size), {}});
}

int sync(sqlite3_file* f, int) {
  std::lock_guard guard{of(f).disk->mutex};
  if (of(f).disk->off)
    return SQLITE_IOERR_FSYNC;
  auto& x = *of(f).file;
  x.durable = x.now;
  x.pending.clear();
  x.exists_durably = true;
  return SQLITE_OK;
}

int file_size(sqlite3_file* f, sqlite3_int64* size) {
  std::lock_guard guard{of(f).disk->mutex};
  *size = static_cast<sqlite3_int64>(of(f).file->now.size());
  return SQLITE_OK;
}

int lock(sqlite3_file*, int) {
  return SQLITE_OK;
}

int check_reserved_lock(sqlite3_file*, int* result) {
  *result = 0;
  return SQLITE_OK;
}

int file_control(sqlite3_file*, int, void*) {
  return SQLITE_NOTFOUND;
}

int sector_size(sqlite3_file*) {
  return sector;
}

int device_characteristics(sqlite3_file*) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

const sqlite3_io_methods methods{
  1,
  close,
  read,
  write,
  truncate,
  sync,
  file_size,
  lock,
  lock,
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

volatile_disk::impl& disk_of(sqlite3_vfs* vfs) {
  return *static_cast<volatile_disk::impl*>(vfs->pAppData);
}

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* f, int flags,
         int* out_flags) {
  auto& disk = disk_of(vfs);
  std::lock_guard guard{disk.mutex};
  if (disk.off)
    return SQLITE_CANTOPEN;
  auto& file = disk.files[name ? name : ""];
  if (!file || !file->exists) {
    f->pMethods = nullptr;
    if (!(flags & SQLITE_OPEN_CREATE))
      return SQLITE_CANTOPEN;
    auto before = file;
    file = std::make_shared<contents>();
    // Until the new contents are synced, the old ones may be the durable ones.
    if (before && before->exists_durably) {
      file->durable = before->durable;
      file->exists_durably = true;
      file->pending.push_back({0, {}});
    }
  }
  new (f) handle{{&methods}, &disk, file};
  if (out_flags)
    *out_flags = flags;
  return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* name, int durably) {
  auto& disk = disk_of(vfs);
  std::lock_guard guard{disk.mutex};
  if (disk.off)
    return SQLITE_IOERR_DELETE;
  auto i = disk.files.find(name);
  if (i == disk.files.end() || !i->second->exists)
    return SQLITE_IOERR_DELETE_NOENT;
  i->second->exists = false;
  if (durably)
    disk.files.erase(i);
  return SQLITE_OK;
}

int access(sqlite3_vfs* vfs, const char* name, int, int* result) {
  auto& disk = disk_of(vfs);
  std::lock_guard guard{disk.mutex};
  auto i = disk.files.find(name);
  *result = i != disk.files.end() && i->second->exists ? 1 : 0;
  return SQLITE_OK;
}

int full_pathname(sqlite3_vfs*, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) {
  return 0;
}

/// What remains of a file.
std::shared_ptr<contents> survivor(const contents& x, std::mt19937& random) {
  auto chance = [&] {
    return (random() & 1) != 0;
  };
  auto result = std::make_shared<contents>();
  result->durable = x.durable;
  for (const auto& pending : x.pending) {
    if (pending.data.empty()) {
      if (chance())
        overlay(result->durable, pending);
      continue;
    }
    for (std::size_t i = 0; i < pending.data.size(); i += sector)
      if (chance())
        overlay(result->durable,
                {pending.at + i, pending.data.substr(i, sector)});
  }
  result->now = result->durable;
  result->exists_durably = true;
  return result;
}

} // namespace

volatile_disk::volatile_disk() : impl_(std::make_unique<impl>()) {
  static std::atomic<int> serial{0};
  impl_->name = "volatile-" + std::to_string(++serial);
  auto& vfs = impl_->vfs;
  vfs = *sqlite3_vfs_find(nullptr);
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(handle);
  vfs.pNext = nullptr;
  vfs.zName = impl_->name.c_str();
  vfs.pAppData = impl_.get();
  vfs.xOpen = open;
  vfs.xDelete = remove;
  vfs.xAccess = access;
  vfs.xFullPathname = full_pathname;
  vfs.xGetLastError = last_error;
  sqlite3_vfs_register(&vfs, 0);
}

volatile_disk::~volatile_disk() {
  sqlite3_vfs_unregister(&impl_->vfs);
}

const std::string& volatile_disk::name() const {
  return impl_->name;
}

void volatile_disk::refuse_truncation(bool x) {
  std::lock_guard guard{impl_->mutex};
  impl_->refuses_truncation = x;
}

void volatile_disk::power_on() {
  std::lock_guard guard{impl_->mutex};
  impl_->off = false;
}

void volatile_disk::power_loss(std::mt19937& random) {
  std::lock_guard guard{impl_->mutex};
  impl_->off = true;
  for (auto i = impl_->files.begin(); i != impl_->files.end();) {
    auto& file = i->second;
    auto gone = !file->exists_durably && (random() & 1);
    auto deleted = !file->exists && (!file->exists_durably || (random() & 1));
    if (gone || deleted) {
      i = impl_->files.erase(i);
      continue;
    }
    file = survivor(*file, random);
    ++i;
  }
}

} // namespace hololoom::test
