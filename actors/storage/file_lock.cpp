#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/actors/storage/file_lock.hpp>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace hololoom {

namespace {

/// An owner writes its pid right after it has taken the lock; a refusal in
/// between waits for the pid.
int wait_for_pid(const std::filesystem::path& file) {
  for (auto i = 0; i < 50; ++i) {
    if (auto pid = lock_owner(file))
      return pid;
    ::usleep(1000);
  }
  return 0;
}

void write_pid(int fd) {
  auto text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) == 0)
    // The pid is for people; the lock holds without it, even on a full disk.
    (void)!::pwrite(fd, text.data(), text.size(), 0);
}

} // namespace

int lock_owner(const std::filesystem::path& file) {
  auto fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return 0;
  std::array<char, 32> buffer{};
  auto size = ::read(fd, buffer.data(), buffer.size() - 1);
  ::close(fd);
  return size > 0 ? std::atoi(buffer.data()) : 0;
}

caf::expected<file_lock> file_lock::take(const std::filesystem::path& file) {
  auto fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) {
    auto reason = errno;
    return failure(errc_for(reason, errc::data_dir_unusable),
                   "could not create " + file.string() + ": "
                     + std::strerror(reason)
                     + "; choose a directory that can be written");
  }
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    auto reason = errno;
    ::close(fd);
    if (reason != EWOULDBLOCK)
      return failure(errc::io_error, "could not lock " + file.string() + ": "
                                       + std::strerror(reason));
    auto pid = wait_for_pid(file);
    return failure(errc::data_dir_locked,
                   file.parent_path().string() + " is in use by process "
                     + (pid ? std::to_string(pid) : "of unknown id")
                     + "; end that process, or choose another data directory");
  }
  write_pid(fd);
  return file_lock{fd};
}

file_lock::file_lock(file_lock&& other) noexcept
  : fd_(std::exchange(other.fd_, -1)) {}

file_lock& file_lock::operator=(file_lock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

file_lock::~file_lock() {
  if (fd_ < 0)
    return;
  // A refusal from here on must not read the pid of a former owner.
  (void)!::ftruncate(fd_, 0);
  ::close(fd_);
}

} // namespace hololoom
