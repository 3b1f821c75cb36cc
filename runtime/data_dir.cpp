#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/runtime/data_dir.hpp>

#include <array>
#include <cstdlib>
#include <optional>
#include <pwd.h>
#include <string>
#include <system_error>
#include <unistd.h>

namespace hololoom {

namespace {

caf::error unusable(const std::filesystem::path& path, const std::string& why) {
  return failure(errc::data_dir_unusable,
                 "cannot use \"" + path.string() + "\" as data directory: "
                   + why + "; name another one in the config's data_dir");
}

/// A path that does not depend on the current directory.
std::optional<std::filesystem::path> absolute(const char* path) {
  if (path == nullptr || *path != '/')
    return std::nullopt;
  return path;
}

/// The home directory in the user's passwd entry.
std::optional<std::filesystem::path> home_of_user() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
  return absolute(found == nullptr ? nullptr : found->pw_dir);
}

/// Keeps the report of an earlier run out of the place where this run's will
/// be, which may never be written.
caf::error set_aside(const std::filesystem::path& report,
                     const std::filesystem::path& previous) {
  std::error_code ec;
  std::filesystem::rename(report, previous, ec);
  if (!ec || ec == std::errc::no_such_file_or_directory)
    return {};
  return failure(errc_for(ec.value(), errc::data_dir_unusable),
                 "cannot rename " + report.string() + " to "
                   + previous.filename().string() + ": " + ec.message()
                   + "; remove it, or choose another data directory");
}

} // namespace

caf::expected<data_dir> data_dir::open(const std::filesystem::path& path) {
  if (auto failed = make_directory(path))
    return unusable(path, failed.message());
  std::error_code failed;
  auto whole = std::filesystem::absolute(path, failed);
  if (failed)
    return unusable(path, failed.message());
  auto lock = file_lock::take(path / "lock");
  if (!lock)
    return is(lock.error(), errc::io_error)
           ? unusable(path, explain(lock.error()))
           : std::move(lock.error());
  data_dir result{std::move(whole), std::move(*lock)};
  // Of a process that was killed.
  std::filesystem::remove_all(result.copies(), failed);
  if (auto err = set_aside(result.last_shutdown(), result.previous_shutdown()))
    return err;
  return result;
}

caf::expected<std::filesystem::path> default_data_dir() {
  if (auto dir = absolute(std::getenv("XDG_DATA_HOME")))
    return *dir / "hololoom";
  auto home = absolute(std::getenv("HOME"));
  if (!home)
    home = home_of_user();
  if (home)
    return *home / ".local/share/hololoom";
  return failure(errc::data_dir_unusable,
                 "cannot tell where to keep data: neither HOME nor "
                 "XDG_DATA_HOME is an absolute path, and user "
                   + std::to_string(::geteuid())
                   + " has no home directory; name a data directory in the "
                     "config's data_dir");
}

} // namespace hololoom
