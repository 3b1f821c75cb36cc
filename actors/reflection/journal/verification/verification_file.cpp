#include <hololoom/actors/reflection/journal/verification/verification_file.hpp>
#include <hololoom/messages/json/read.hpp>
#include <hololoom/messages/json/write.hpp>

#include <zlib.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <string_view>
#include <sys/stat.h>

namespace hololoom {

namespace {

std::optional<file_version> version_of(const std::filesystem::path& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0)
    return std::nullopt;
  constexpr std::int64_t second = 1'000'000'000;
  return file_version{static_cast<std::int64_t>(found.st_ino), found.st_size,
                      found.st_mtim.tv_sec * second + found.st_mtim.tv_nsec};
}

/// Sets when the file was last written to this very nanosecond. The kernel's
/// own times are only as fine as its clock's ticks, so that a write in the same
/// tick would go unnoticed.
bool stamp(const std::filesystem::path& file) {
  std::array<timespec, 2> times{};
  times[0].tv_nsec = UTIME_OMIT;
  return ::clock_gettime(CLOCK_REALTIME, &times[1]) == 0
      && ::utimensat(AT_FDCWD, file.c_str(), times.data(), 0) == 0;
}

/// The text's CRC-32 as a line of its own.
std::string head_of(std::string_view text) {
  auto crc =
    crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size());
  std::array<char, 16> result{};
  std::snprintf(result.data(), result.size(), "%08lx\n", crc);
  return result.data();
}

} // namespace

verification_file::verification_file(const std::filesystem::path& journal)
  : journal_(journal), file_(journal) {
  file_.replace_extension(".verified");
}

verification_file::~verification_file() {
  try {
    if (last_)
      write(std::move(*last_));
  } catch (...) {
    // The next opening begins anew.
  }
}

std::optional<verification_record> verification_file::read() const {
  std::ifstream in{file_, std::ios::binary};
  std::string head(head_of({}).size(), '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in || head != head_of(text))
    return std::nullopt;
  auto result = from_json_text<verification_record>(text);
  if (!result || version_of(journal_) != result->database)
    return std::nullopt;
  return std::move(*result);
}

void verification_file::write(verification_record x) const {
  if (!stamp(journal_))
    return;
  auto version = version_of(journal_);
  if (!version)
    return;
  x.database = *version;
  auto text = json_text(x);
  // An id that is not UTF-8 would come back as another one.
  auto again = from_json_text<verification_record>(text);
  std::ofstream out{file_, std::ios::binary | std::ios::trunc};
  if (again && *again == x)
    out << head_of(text) << text;
}

} // namespace hololoom
