#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/actors/storage/disk.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <unistd.h>

namespace hololoom {

namespace {

caf::error describe(const char* tried, const std::filesystem::path& what,
                    int reason) {
  auto code = refusal_of(reason, errc::io_error);
  return failure(code, std::string{"could not "} + tried + " " + what.string()
                         + ": " + std::strerror(reason)
                         + (code == errc::disk_full
                              ? "; make space on its disk and try again"
                              : "; see that it can be written and try again"));
}

int reason_for(disk_fault x) {
  switch (x) {
    case disk_fault::none: return 0;
    case disk_fault::full: return ENOSPC;
    case disk_fault::read_only: return EROFS;
    case disk_fault::broken: return EIO;
  }
  return EIO;
}

/// What the disk's hooks have against a write.
int before_write(const disk* through, std::string_view text) {
  return through ? reason_for(through->write_beside(text.size())) : 0;
}

int before_sync(const disk* through) {
  return through ? reason_for(through->sync_beside()) : 0;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

} // namespace

caf::error copy_to_disk(const std::filesystem::path& from,
                        const std::filesystem::path& to) {
  std::error_code copied;
  std::filesystem::copy_file(
    from, to, std::filesystem::copy_options::overwrite_existing, copied);
  auto failed = copied.value();
  if (failed == 0) {
    auto fd = ::open(to.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || ::fdatasync(fd) != 0)
      failed = errno;
    if (fd >= 0)
      ::close(fd);
  }
  if (failed == 0)
    return {};
  ::unlink(to.c_str());
  return describe("copy", from, failed);
}

caf::error sync_directory(const std::filesystem::path& directory) {
  auto fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return describe("open", directory, errno);
  auto failed = ::fsync(fd) != 0 ? errno : 0;
  ::close(fd);
  // Some file systems cannot sync a directory, and say so.
  if (failed != 0 && failed != EINVAL)
    return describe("sync", directory, failed);
  return {};
}

errc refusal_of(int reason, errc other) {
  switch (reason) {
    case ENOSPC:
    case EDQUOT: return errc::disk_full;
    case EROFS:
    case EACCES:
    case EPERM: return errc::read_only;
    default: return other;
  }
}

caf::error write_atomically(const std::filesystem::path& file,
                            std::string_view text, const disk* through) {
  auto beside = file;
  beside += ".new";
  auto fd =
    ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0)
    return describe("create", beside, errno);
  auto failed = before_write(through, text);
  if (failed == 0 && !write_all(fd, text))
    failed = errno;
  if (failed == 0)
    failed = before_sync(through);
  if (failed == 0 && ::fsync(fd) != 0)
    failed = errno;
  ::close(fd);
  if (failed == 0 && std::rename(beside.c_str(), file.c_str()) != 0)
    failed = errno;
  if (failed != 0) {
    ::unlink(beside.c_str());
    return describe("write", file, failed);
  }
  auto directory = file.parent_path();
  if (auto reason = before_sync(through))
    return describe("sync", directory, reason);
  return sync_directory(directory.empty() ? "." : directory);
}

} // namespace hololoom
