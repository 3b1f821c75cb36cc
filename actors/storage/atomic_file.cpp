#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/actors/storage/disk.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace hololoom {

namespace {

caf::error describe(const char* tried, const std::filesystem::path& what,
                    int reason) {
  auto code = errc_for(reason, errc::io_error);
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

/// Runs the disk's hooks and counts the call.
/// @returns the fault as an `errno`, or 0.
int fault_before_write(const disk* through, std::string_view text) {
  if (!through)
    return 0;
  ++through->activity().writes;
  return reason_for(through->before_write(text.size()));
}

int fault_before_sync(const disk* through) {
  if (!through)
    return 0;
  ++through->activity().syncs;
  return reason_for(through->before_sync());
}

/// @returns 0 or `errno`.
int sync_names_in(const std::filesystem::path& directory) {
  auto fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return errno;
  auto failed = ::fsync(fd) != 0 ? errno : 0;
  ::close(fd);
  // Some file systems cannot sync a directory and report EINVAL.
  return failed == EINVAL ? 0 : failed;
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

/// Renames without replacing anything.
/// @returns 0 or `errno`.
int rename_to_free(const std::filesystem::path& from,
                   const std::filesystem::path& to) {
  // The kernel checks and moves in one step, so that two concurrent imports
  // cannot take the same name.
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(),
                  RENAME_NOREPLACE)
      == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return errno;
  // The file system cannot do that.
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::symlink_status(to, ignored)))
    return EEXIST;
  return std::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

std::filesystem::path numbered(const std::filesystem::path& wanted,
                               int number) {
  if (number == 1)
    return wanted;
  auto result = wanted;
  return result.replace_filename(wanted.stem().string() + "-"
                                 + std::to_string(number)
                                 + wanted.extension().string());
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
  if (auto failed = sync_names_in(directory))
    return describe("sync", directory, failed);
  return {};
}

std::error_code make_directory(const std::filesystem::path& directory,
                               const disk* through) {
  namespace fs = std::filesystem;
  std::error_code failed;
  std::vector<fs::path> parents;
  for (auto at = fs::absolute(directory, failed);
       !failed && at.has_relative_path() && !fs::exists(at, failed);
       at = at.parent_path())
    parents.push_back(at.parent_path());
  if (!failed)
    fs::create_directories(directory, failed);
  if (!failed && !fs::is_directory(directory, failed))
    failed = std::make_error_code(std::errc::not_a_directory);
  for (auto i = parents.rbegin(); !failed && i != parents.rend(); ++i) {
    auto reason = fault_before_sync(through);
    if (reason == 0)
      reason = sync_names_in(*i);
    // One that may be written, but not read, cannot be synced.
    if (reason != EACCES)
      failed.assign(reason, std::generic_category());
  }
  return failed;
}

errc errc_for(int system_error, errc otherwise) {
  switch (system_error) {
    case ENOSPC:
    case EDQUOT: return errc::disk_full;
    case EROFS:
    case EACCES:
    case EPERM: return errc::read_only;
    default: return otherwise;
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
  auto failed = fault_before_write(through, text);
  if (failed == 0 && !write_all(fd, text))
    failed = errno;
  if (failed == 0)
    failed = fault_before_sync(through);
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
  if (auto reason = fault_before_sync(through))
    return describe("sync", directory, reason);
  return sync_directory(directory.empty() ? "." : directory);
}

caf::error refuse_existing(const std::filesystem::path& file) {
  std::error_code none;
  if (std::filesystem::exists(std::filesystem::symlink_status(file, none)))
    return failure(errc::io_error, file.string()
                                     + " exists, and is not overwritten; "
                                       "choose another name");
  return {};
}

caf::error rename_without_replacing(const std::filesystem::path& file,
                                    const std::filesystem::path& to) {
  auto failed = rename_to_free(file, to);
  if (failed == EEXIST)
    return refuse_existing(to);
  return failed == 0 ? caf::error{} : describe("write", to, failed);
}

caf::expected<std::filesystem::path>
move_to_fresh_name(const std::filesystem::path& file,
                   const std::filesystem::path& wanted) {
  for (auto i = 1;; ++i) {
    auto to = numbered(wanted, i);
    auto failed = rename_to_free(file, to);
    if (failed == 0)
      return to;
    if (failed != EEXIST)
      return failure(errc::io_error, "could not move " + file.string() + " to "
                                       + to.string() + ": "
                                       + std::strerror(failed)
                                       + "; see that it can be written");
  }
}

} // namespace hololoom
