#include <hololoom/actors/storage/high_water_mark.hpp>
#include <hololoom/actors/storage/sqlite_format/wal_check.hpp>
#include <hololoom/actors/storage/sqlite_format/wal_frames.hpp>

#include <array>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace hololoom {

caf::error check_database_header(const std::filesystem::path& file) {
  std::array<char, 100> head{};
  std::ifstream in{file, std::ios::binary};
  in.read(head.data(), head.size());
  if (in.gcount() == 0)
    return {};
  // The format's name, the size of its pages in two bytes, and the mode: 1
  // until a new file is switched to WAL.
  constexpr std::string_view name{"SQLite format 3\0\x10\0", 18};
  static_assert(sqlite_page_size == 0x1000);
  auto mode_known = [&](std::size_t at) {
    return head[at] == 1 || head[at] == 2;
  };
  if (in.gcount() == 100 && std::string_view{head.data(), name.size()} == name
      && mode_known(18) && head[18] == head[19])
    return {};
  return failure(
    errc::corrupt,
    file.string()
      + " is damaged in its first bytes, or is not a "
        "HoloLoom journal; run `hololoom repair` on its directory");
}

caf::error check_wal(const std::filesystem::path& file) {
  auto found = read_wal(file);
  std::string place;
  if (found.header_intact && found.committed > found.accepted)
    place = "at frame " + std::to_string(found.accepted + 1);
  // The header is synced before the first frame.
  else if (!found.header_intact && !found.frames.empty())
    place = "at its head";
  else
    return {};
  return failure(errc::corrupt, file.string() + "-wal is damaged " + place
                                  + ", before episodes that were acknowledged; "
                                    "run `hololoom repair` on its directory");
}

caf::error check_missing_database(const std::filesystem::path& file) {
  std::error_code ignored;
  std::error_code failed;
  auto there = std::filesystem::exists(file, failed);
  if (failed)
    return failure(errc::io_error, "could not look for " + file.string() + ": "
                                     + failed.message()
                                     + "; see that it can be read");
  if (there && std::filesystem::file_size(file, ignored) > 0)
    return {};
  auto log = file;
  log += "-wal";
  std::string signs;
  if (auto mark = high_water_of(file); mark > 0)
    signs =
      high_water_file(file).filename().string() + " says that "
      + (mark == 1 ? "an episode was" : std::to_string(mark) + " episodes were")
      + " acknowledged";
  else if (std::filesystem::exists(log, ignored)
           && std::filesystem::file_size(log, ignored) > 0)
    signs = "its log is there";
  else
    return {};
  return failure(errc::corrupt,
                 file.string() + (there ? " is empty, but " : " is gone, but ")
                   + signs
                   + ": put it back; or run `hololoom repair` on its "
                     "directory, which takes what is left and begins anew");
}

} // namespace hololoom
