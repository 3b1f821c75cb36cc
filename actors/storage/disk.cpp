#include <hololoom/actors/storage/disk.hpp>
#include <hololoom/actors/storage/disk_file.hpp>

#include <sqlite3.h>

#include <utility>

namespace hololoom {

namespace {

/// A VFS of ours, which finds itself in its `pAppData`.
struct layer : sqlite3_vfs {
  sqlite3_vfs* lower = nullptr;
  disk* owner = nullptr;
};

layer& as_layer(sqlite3_vfs* vfs) {
  return *static_cast<layer*>(vfs->pAppData);
}

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* f, int flags,
         int* out_flags) {
  auto& l = as_layer(vfs);
  return open_disk_file(*l.owner, l.lower, name, f, flags, out_flags);
}

std::string unique_name() {
  static std::atomic<std::uint64_t> serial{0};
  return "hololoom-" + std::to_string(++serial);
}

/// Forwards a call to the lower VFS.
template <auto Member, class... Ts>
auto forward_vfs(sqlite3_vfs* vfs, Ts... xs) {
  auto lower = as_layer(vfs).lower;
  return (lower->*Member)(lower, xs...);
}

} // namespace

disk::disk(std::shared_ptr<disk_hooks> hooks, const std::string& lower,
           std::shared_ptr<disk_activity> activity)
  : hooks_(std::move(hooks)),
    activity_(activity ? std::move(activity)
                       : std::make_shared<disk_activity>()),
    name_(unique_name()) {
  auto l = std::make_shared<layer>();
  l->lower = sqlite3_vfs_find(lower.empty() ? nullptr : lower.c_str());
  l->owner = this;
  static_cast<sqlite3_vfs&>(*l) = *l->lower;
  l->iVersion = 1;
  l->szOsFile = static_cast<int>(disk_file_size()) + l->lower->szOsFile;
  l->pNext = nullptr;
  l->zName = name_.c_str();
  l->pAppData = l.get();
  l->xOpen = open;
  l->xDelete = forward_vfs<&sqlite3_vfs::xDelete, const char*, int>;
  l->xAccess = forward_vfs<&sqlite3_vfs::xAccess, const char*, int, int*>;
  l->xFullPathname =
    forward_vfs<&sqlite3_vfs::xFullPathname, const char*, int, char*>;
  l->xDlOpen = nullptr;
  l->xDlError = nullptr;
  l->xDlSym = nullptr;
  l->xDlClose = nullptr;
  l->xRandomness = forward_vfs<&sqlite3_vfs::xRandomness, int, char*>;
  l->xSleep = forward_vfs<&sqlite3_vfs::xSleep, int>;
  l->xCurrentTime = forward_vfs<&sqlite3_vfs::xCurrentTime, double*>;
  l->xGetLastError = forward_vfs<&sqlite3_vfs::xGetLastError, int, char*>;
  vfs_ = l;
  sqlite3_vfs_register(l.get(), 0);
}

disk::~disk() {
  sqlite3_vfs_unregister(vfs_.get());
}

disk_fault disk::before_write(std::size_t bytes) const noexcept {
  try {
    return hooks_ ? hooks_->before_write(bytes) : disk_fault::none;
  } catch (...) {
    return disk_fault::broken;
  }
}

disk_fault disk::before_sync() const noexcept {
  try {
    return hooks_ ? hooks_->before_sync() : disk_fault::none;
  } catch (...) {
    return disk_fault::broken;
  }
}

} // namespace hololoom
