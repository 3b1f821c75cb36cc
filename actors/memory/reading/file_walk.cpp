#include <hololoom/actors/memory/reading/file_walk.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace hololoom::detail {

namespace {

namespace fs = std::filesystem;

errc code_of_errno(int code) {
  switch (code) {
    case ENOENT:
    case ENOTDIR: return errc::not_found;
    case EACCES:
    case EPERM: return errc::read_only;
    case EMFILE:
    case ENFILE: return errc::unavailable;
    default: return errc::io_error;
  }
}

skipped_source explain_errno(const std::string& path, int code) {
  return {path, code_of_errno(code),
          std::string{"it cannot be read: "} + std::strerror(code)};
}

timestamp modified(const struct stat& info) {
  return timestamp{std::chrono::seconds{info.st_mtim.tv_sec}
                   + std::chrono::microseconds{info.st_mtim.tv_nsec / 1000}};
}

class walker {
public:
  explicit walker(const std::stop_token& stop) : stop_(stop) {}

  void visit(const fs::path& path) {
    if (stop_.stop_requested())
      return;
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
      auto code = errno;
      std::error_code ignored;
      result_.skipped.push_back(code == ENOENT && fs::is_symlink(path, ignored)
                                  ? skipped_source{path.string(),
                                                   errc::not_found,
                                                   "the link points nowhere"}
                                  : explain_errno(path.string(), code));
      return;
    }
    if (!seen_.emplace(info.st_dev, info.st_ino).second)
      return;
    if (S_ISDIR(info.st_mode))
      visit_folder(path);
    else if (S_ISREG(info.st_mode))
      result_.files.push_back({path.string(),
                               static_cast<std::uint64_t>(info.st_size),
                               modified(info)});
    else
      result_.skipped.push_back(
        {path.string(), errc::not_supported,
         "it is a device, a pipe or a socket, not a file"});
  }

  walk_result take() { return std::move(result_); }

private:
  void visit_folder(const fs::path& path) {
    std::error_code err;
    std::vector<fs::path> entries;
    for (fs::directory_iterator i{path, err}, end;
         !err && i != end && !stop_.stop_requested(); i.increment(err))
      if (!i->path().filename().native().starts_with('.'))
        entries.push_back(i->path());
    if (err)
      result_.skipped.push_back(explain_errno(path.string(), err.value()));
    std::sort(entries.begin(), entries.end());
    for (const auto& entry : entries)
      visit(entry);
  }

  const std::stop_token& stop_;
  /// Device and inode of each visited file and folder, so that symbolic links
  /// cannot form a cycle.
  std::set<std::pair<dev_t, ino_t>> seen_;
  walk_result result_;
};

struct file_descriptor {
  int fd;
  explicit file_descriptor(int x) : fd(x) {}
  file_descriptor(const file_descriptor&) = delete;
  file_descriptor& operator=(const file_descriptor&) = delete;
  ~file_descriptor() {
    if (fd >= 0)
      ::close(fd);
  }
};

} // namespace

caf::error reading_called_off() {
  return failure(errc::cancelled, "the reading was called off");
}

walk_result walk(const std::vector<std::string>& paths,
                 const std::stop_token& stop) {
  std::vector<fs::path> sorted;
  walker walker{stop};
  for (const auto& path : paths) {
    std::error_code err;
    auto absolute = fs::absolute(path, err).lexically_normal();
    // "folder/" is the folder.
    if (!absolute.has_filename() && absolute.has_parent_path())
      absolute = absolute.parent_path();
    sorted.push_back(err || path.empty() ? fs::path{path} : absolute);
  }
  std::sort(sorted.begin(), sorted.end());
  for (const auto& path : sorted)
    walker.visit(path);
  return walker.take();
}

caf::expected<std::string> read_file(const std::string& path,
                                     std::uint64_t limit,
                                     const std::stop_token& stop) {
  auto fail = [&](int code) {
    auto why = explain_errno(path, code);
    return failure(why.code, why.reason);
  };
  // A pipe may have replaced the file since the walk: do not wait for a writer.
  file_descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat info {};
  if (file.fd < 0 || ::fstat(file.fd, &info) != 0)
    return fail(errno);
  std::string bytes;
  bytes.resize(
    std::min<std::uint64_t>(static_cast<std::uint64_t>(info.st_size), limit)
    + 1);
  std::size_t filled = 0;
  // In pieces, so that a slow disk delays no stop.
  constexpr std::size_t longest_piece = 1U << 20U;
  while (!stop.stop_requested()) {
    auto count = ::read(file.fd, bytes.data() + filled,
                        std::min(longest_piece, bytes.size() - filled));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return fail(errno);
    filled += static_cast<std::size_t>(count);
    if (filled > limit)
      return failure(errc::not_supported,
                     "it is larger than " + std::to_string(limit) + " bytes");
    if (count == 0) {
      bytes.resize(filled);
      return bytes;
    }
    if (filled == bytes.size())
      bytes.resize(bytes.size() * 2);
  }
  return reading_called_off();
}

} // namespace hololoom::detail
