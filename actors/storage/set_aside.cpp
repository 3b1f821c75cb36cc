#include <hololoom/actors/storage/set_aside.hpp>
#include <hololoom/messages/errc.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string>

namespace hololoom {

namespace {

namespace fs = std::filesystem;

/// Renames without replacing anything.
/// @returns 0 or `errno`.
int rename_to_free(const fs::path& from, const fs::path& to) {
  // The kernel looks and moves in one step, so that two imports at the same
  // time cannot take each other's name.
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(),
                  RENAME_NOREPLACE)
      == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return errno;
  // A file system that cannot do that.
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(to, ignored)))
    return EEXIST;
  return std::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

fs::path numbered(const fs::path& wanted, int number) {
  if (number == 1)
    return wanted;
  auto result = wanted;
  return result.replace_filename(wanted.stem().string() + "-"
                                 + std::to_string(number)
                                 + wanted.extension().string());
}

} // namespace

caf::expected<fs::path> move_to_fresh_name(const fs::path& file,
                                           const fs::path& wanted) {
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
