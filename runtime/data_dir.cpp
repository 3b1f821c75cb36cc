#include <hololoom/runtime/data_dir.hpp>

#include <cstdlib>
#include <string>
#include <system_error>

namespace hololoom {

namespace {

caf::error unusable(const std::filesystem::path& path, const std::string& why) {
  return failure(errc::data_dir_unusable,
                 "cannot use \"" + path.string()
                   + "\" as data directory: " + why
                   + "; give another one with --data or in the config's "
                     "data_dir");
}

} // namespace

caf::expected<data_dir> data_dir::open(const std::filesystem::path& path) {
  std::error_code ec;
  std::filesystem::create_directories(path, ec);
  if (ec)
    return unusable(path, ec.message());
  if (!std::filesystem::is_directory(path, ec))
    return unusable(path, "it is not a directory");
  auto lock = file_lock::take(path / "lock");
  if (!lock)
    return is(lock.error(), errc::io_error)
           ? unusable(path, explain(lock.error()))
           : std::move(lock.error());
  return data_dir{std::filesystem::absolute(path), std::move(*lock)};
}

std::filesystem::path default_data_dir() {
  if (const auto* dir = std::getenv("XDG_DATA_HOME"); dir && *dir == '/')
    return std::filesystem::path{dir} / "hololoom";
  if (const auto* home = std::getenv("HOME"); home && *home != '\0')
    return std::filesystem::path{home} / ".local/share/hololoom";
  return std::filesystem::current_path() / "hololoom-data";
}

} // namespace hololoom
