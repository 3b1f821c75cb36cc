#include <hololoom/actors/storage/high_water_mark.hpp>
#include <hololoom/actors/storage/sqlite_format/wal_check.hpp>
#include <hololoom/actors/storage/sqlite_format/wal_format.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace hololoom {

namespace {

bool any_set(const unsigned char* begin, const unsigned char* end) {
  return std::any_of(begin, end, [](unsigned char c) { return c != 0; });
}

/// Reads a log frame by frame.
class wal_reader {
public:
  explicit wal_reader(const std::filesystem::path& file)
    : in_(file, std::ios::binary) {}

  /// @returns whether the log has a header that is not all zeros.
  bool read_header() {
    return read(head_.data(), head_.size())
        && any_set(head_.data(), head_.data() + head_.size());
  }

  bool header_intact() {
    wal::log_header x{head_.data()};
    page_size_ = x.page_size();
    if (!x.magic_intact() || page_size_ < 512 || page_size_ > 65536)
      return false;
    sum_ = x.computed(x.big());
    bytes_.resize(current_frame().size());
    return sum_ == x.stored(x.big());
  }

  /// Whether the rest of the log is all zeros.
  bool rest_is_empty() {
    std::array<unsigned char, 4096> some{};
    do {
      in_.read(reinterpret_cast<char*>(some.data()), some.size());
      if (any_set(some.data(), some.data() + in_.gcount()))
        return false;
    } while (in_);
    return true;
  }

  bool read_frame() {
    before_ = current_frame().stored(sum_.big);
    return read(bytes_.data(), bytes_.size());
  }

  /// Whether the frame belongs to this generation of the log.
  bool current() const {
    return current_frame().salts() == wal::log_header{head_.data()}.salts();
  }

  bool ends_transaction() const { return current_frame().ends_transaction(); }

  /// Whether the frame continues the intact ones before it.
  bool intact() {
    if (!current() || current_frame().page() == 0)
      return false;
    sum_ = current_frame().computed(sum_);
    return sum_ == current_frame().stored(sum_.big);
  }

  /// Whether the frame was written right after the one before it, even if that
  /// one does not continue the log.
  bool chained() const {
    return current_frame().computed(before_)
        == current_frame().stored(sum_.big);
  }

private:
  bool read(unsigned char* to, std::size_t size) {
    in_.read(reinterpret_cast<char*>(to), static_cast<std::streamsize>(size));
    return in_.gcount() == static_cast<std::streamsize>(size);
  }

  wal::frame current_frame() const { return {bytes_.data(), page_size_}; }

  std::ifstream in_;
  std::array<unsigned char, wal::header_size> head_{};
  std::vector<unsigned char> bytes_;
  std::size_t page_size_ = 0;
  wal::checksum sum_;
  wal::checksum before_; ///< As stored with the previous frame.
};

caf::error damaged_wal(const std::filesystem::path& log,
                       const std::string& where) {
  return failure(errc::corrupt, log.string() + " is damaged " + where
                                  + ", before episodes that were acknowledged; "
                                    "run `hololoom repair` on its directory");
}

} // namespace

caf::error check_database_header(const std::filesystem::path& file) {
  std::array<char, 100> head{};
  std::ifstream in{file, std::ios::binary};
  in.read(head.data(), head.size());
  if (in.gcount() == 0)
    return {};
  // The format's name, and the mode: 1 until a new file is switched to WAL.
  constexpr std::string_view name{"SQLite format 3\0", 16};
  auto mode_known = [&](std::size_t at) {
    return head[at] == 1 || head[at] == 2;
  };
  if (in.gcount() == 100 && std::string_view{head.data(), 16} == name
      && mode_known(18) && head[18] == head[19])
    return {};
  return failure(
    errc::corrupt,
    file.string()
      + " is damaged in its first bytes, or is not a "
        "HoloLoom journal; run `hololoom repair` on its directory");
}

caf::error check_wal(const std::filesystem::path& file) {
  auto log = file;
  log += "-wal";
  wal_reader reader{log};
  // The header is synced before the first frame.
  if (!reader.read_header())
    return reader.rest_is_empty() ? caf::error{}
                                  : damaged_wal(log, "at its head");
  if (!reader.header_intact()) {
    std::error_code none;
    auto size = std::filesystem::file_size(log, none);
    return size > wal::header_size + wal::frame_header_size + 512
           ? damaged_wal(log, "at its head")
           : caf::error{};
  }
  auto frame = 1;
  while (reader.read_frame()) {
    if (!reader.intact())
      break;
    ++frame;
  }
  // From here on: is there a complete transaction, and the start of another one
  // behind it? The rest of a failed commit, over which a shorter one was
  // written, does not continue that one.
  auto completed = false;
  do {
    if (!reader.current())
      continue;
    if (completed && reader.chained())
      return damaged_wal(log, "at frame " + std::to_string(frame));
    completed = reader.ends_transaction();
  } while (reader.read_frame());
  return {};
}

caf::error check_missing_database(const std::filesystem::path& file) {
  std::error_code ignored;
  auto there = std::filesystem::exists(file, ignored);
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
