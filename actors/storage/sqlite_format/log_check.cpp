#include <hololoom/actors/storage/high_water_mark.hpp>
#include <hololoom/actors/storage/sqlite_format/log_check.hpp>
#include <hololoom/actors/storage/sqlite_format/log_sum.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

// The format: https://sqlite.org/fileformat2.html#walformat

namespace hololoom {

namespace {

class log_reader {
public:
  explicit log_reader(const std::filesystem::path& file)
    : in_(file, std::ios::binary) {}

  /// @returns whether there is a header to speak of.
  bool read_header() {
    if (!read(header_.data(), header_.size()))
      return false;
    return std::any_of(header_.begin(), header_.end(),
                       [](unsigned char c) { return c != 0; });
  }

  bool header_intact() {
    auto magic = big_endian(header_.data());
    page_size_ = big_endian(header_.data() + 8);
    if ((magic & 0xfffffffe) != 0x377f0682 || page_size_ < 512
        || page_size_ > 65536)
      return false;
    sum_.big = (magic & 1) != 0;
    sum_.add(header_.data(), 24);
    frame_.resize(frame_header_size + page_size_);
    return sum_.matches(header_.data() + 24);
  }

  /// Whether nothing but zeros comes after an empty header.
  bool rest_is_empty() {
    std::array<unsigned char, 4096> some{};
    do {
      in_.read(reinterpret_cast<char*>(some.data()), some.size());
      auto end = some.begin() + in_.gcount();
      if (std::any_of(some.begin(), end,
                      [](unsigned char c) { return c != 0; }))
        return false;
    } while (in_);
    return true;
  }

  bool read_frame() {
    before_ = log_sum::stored_at(frame_.data() + 16, sum_.big);
    return read(frame_.data(), frame_.size());
  }

  /// Whether the frame just read belongs to this generation of the log.
  bool current() const {
    return std::equal(frame_.begin() + 8, frame_.begin() + 16,
                      header_.begin() + 16);
  }

  bool ends_transaction() const { return big_endian(frame_.data() + 4) != 0; }

  /// Whether the frame just read follows the intact ones before it.
  bool intact() {
    if (!current() || big_endian(frame_.data()) == 0)
      return false;
    sum_.add(frame_.data(), 8);
    sum_.add(frame_.data() + frame_header_size, page_size_);
    return sum_.matches(frame_.data() + 16);
  }

  /// Whether the frame just read was written after the one before it, whatever
  /// came before that.
  bool chained() const {
    auto sum = before_;
    sum.add(frame_.data(), 8);
    sum.add(frame_.data() + frame_header_size, page_size_);
    return sum.matches(frame_.data() + 16);
  }

private:
  bool read(unsigned char* to, std::size_t size) {
    in_.read(reinterpret_cast<char*>(to), static_cast<std::streamsize>(size));
    return in_.gcount() == static_cast<std::streamsize>(size);
  }

  std::ifstream in_;
  std::array<unsigned char, log_header_size> header_{};
  std::vector<unsigned char> frame_;
  std::size_t page_size_ = 0;
  log_sum sum_;
  log_sum before_; ///< As it was stored with the last frame.
};

caf::error damaged(const std::filesystem::path& log, const std::string& where) {
  return failure(errc::corrupt, log.string() + " is damaged " + where
                                  + ", before episodes that were acknowledged; "
                                    "run `hololoom repair` on its directory");
}

} // namespace

caf::error check_head(const std::filesystem::path& file) {
  std::array<char, 100> head{};
  std::ifstream in{file, std::ios::binary};
  in.read(head.data(), head.size());
  if (in.gcount() == 0)
    return {};
  // The name of the format, and the mode: 1 until a new file is set to WAL.
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

caf::error check_log(const std::filesystem::path& file) {
  auto log = file;
  log += "-wal";
  log_reader reader{log};
  // The header is synced before the first frame.
  if (!reader.read_header())
    return reader.rest_is_empty() ? caf::error{} : damaged(log, "at its head");
  if (!reader.header_intact()) {
    std::error_code none;
    auto size = std::filesystem::file_size(log, none);
    return size > log_header_size + frame_header_size + 512
           ? damaged(log, "at its head")
           : caf::error{};
  }
  auto frame = 1;
  while (reader.read_frame()) {
    if (!reader.intact())
      break;
    ++frame;
  }
  // From here on: was a transaction completed, and another one begun? What a
  // failed commit left behind, and a shorter one was written over, does not
  // follow from that one.
  auto completed = false;
  do {
    if (!reader.current())
      continue;
    if (completed && reader.chained())
      return damaged(log, "at frame " + std::to_string(frame));
    completed = reader.ends_transaction();
  } while (reader.read_frame());
  return {};
}

caf::error check_absence(const std::filesystem::path& file) {
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
