#include <hololoom/actors/storage/high_water_mark.hpp>

#include <zlib.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

namespace hololoom {

namespace {

/// A number in 20 digits, a space, its CRC-32 in 8, and a newline.
constexpr std::size_t digits = 20;
constexpr std::size_t line_size = 30;
using line = std::array<char, line_size + 1>;

line line_for(std::int64_t sequence) {
  line result{};
  std::snprintf(result.data(), result.size(), "%020lld ",
                static_cast<long long>(sequence));
  auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(result.data()), digits);
  std::snprintf(result.data() + digits + 1, result.size() - digits - 1,
                "%08lx\n", crc);
  return result;
}

std::int64_t read_mark(int fd) {
  line found{};
  if (::pread(fd, found.data(), line_size, 0) != line_size)
    return 0;
  std::int64_t result = 0;
  auto end = std::from_chars(found.data(), found.data() + digits, result);
  auto number = end.ec == std::errc{} && end.ptr == found.data() + digits;
  return number && found == line_for(result) ? result : 0;
}

} // namespace

high_water_mark::~high_water_mark() {
  if (fd_ >= 0)
    ::close(fd_);
}

void high_water_mark::open(const std::filesystem::path& file) {
  fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ >= 0)
    value_ = read_mark(fd_);
}

void high_water_mark::raise(std::int64_t sequence) {
  if (fd_ < 0 || sequence == value_)
    return;
  auto text = line_for(sequence);
  if (::pwrite(fd_, text.data(), line_size, 0) == line_size)
    value_ = sequence;
}

std::filesystem::path high_water_file(const std::filesystem::path& journal) {
  auto result = journal;
  return result.replace_extension(".mark");
}

std::int64_t high_water_of(const std::filesystem::path& journal) {
  auto fd = ::open(high_water_file(journal).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return 0;
  auto result = read_mark(fd);
  ::close(fd);
  return result;
}

} // namespace hololoom
