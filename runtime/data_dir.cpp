#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/runtime/data_dir.hpp>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace hololoom {

namespace {

caf::error unusable(const std::filesystem::path& path, const std::string& why,
                    errc code = errc::data_dir_unusable) {
  return failure(code, "cannot use \"" + path.string()
                         + "\" as data directory: " + why
                         + "; give another one with --data or in the config's "
                           "data_dir");
}

/// The pid that the lock's owner left, or an empty text.
std::string owner_of(int lock) {
  std::array<char, 32> buffer{};
  auto size = ::pread(lock, buffer.data(), buffer.size(), 0);
  std::string text(buffer.data(),
                   size > 0 ? static_cast<std::size_t>(size) : 0);
  return text.substr(0, text.find_first_not_of("0123456789"));
}

} // namespace

data_dir::data_dir(std::filesystem::path path, int lock)
  : path_(std::move(path)), lock_(lock) {}

data_dir::data_dir(data_dir&& other) noexcept
  : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

data_dir& data_dir::operator=(data_dir&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

data_dir::~data_dir() {
  if (lock_ >= 0)
    ::close(lock_);
}

caf::expected<data_dir> data_dir::open(const std::filesystem::path& path) {
  std::error_code ec;
  std::filesystem::create_directories(path, ec);
  if (ec)
    return unusable(path, ec.message());
  if (!std::filesystem::is_directory(path, ec))
    return unusable(path, "it is not a directory");
  auto name = path / "lock";
  auto lock = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) {
    // What is there and cannot be written is a matter of its disk.
    auto reason = errno;
    return unusable(path, std::strerror(reason),
                    refusal_of(reason, errc::data_dir_unusable));
  }
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (auto reason = errno; reason != EWOULDBLOCK) {
      ::close(lock);
      return unusable(path, std::string{"it cannot be locked: "}
                              + std::strerror(reason));
    }
    auto pid = owner_of(lock);
    ::close(lock);
    return failure(errc::data_dir_locked,
                   "the data directory \"" + path.string() + "\" is in use by "
                     + (pid.empty() ? "another process" : "process " + pid)
                     + "; stop it first or use another directory");
  }
  auto pid = std::to_string(::getpid());
  pid += '\n';
  // The pid is a courtesy to whoever is refused; the lock holds without it, so
  // that a full disk does not keep anybody from reading what is there.
  if (::ftruncate(lock, 0) == 0)
    std::ignore = ::pwrite(lock, pid.data(), pid.size(), 0);
  return data_dir{std::filesystem::absolute(path), lock};
}

std::filesystem::path default_data_dir() {
  if (const auto* dir = std::getenv("XDG_DATA_HOME"); dir && *dir == '/')
    return std::filesystem::path{dir} / "hololoom";
  if (const auto* home = std::getenv("HOME"); home && *home != '\0')
    return std::filesystem::path{home} / ".local/share/hololoom";
  return std::filesystem::current_path() / "hololoom-data";
}

} // namespace hololoom
