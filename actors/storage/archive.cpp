#include <hololoom/actors/storage/archive.hpp>
#include <hololoom/actors/storage/atomic_file.hpp>

#include <zlib.h>

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace hololoom {

namespace {

constexpr std::size_t block_size = 1U << 16U;
constexpr std::size_t longest_text = 1U << 20U;

using block = std::array<char, block_size>;

struct file_closer {
  void operator()(std::FILE* x) const { std::fclose(x); }
};
using file_ptr = std::unique_ptr<std::FILE, file_closer>;

struct entry_closer {
  void operator()(archive_entry* x) const { archive_entry_free(x); }
};

struct reader_closer {
  void operator()(archive* x) const { archive_read_free(x); }
};
using reader_ptr = std::unique_ptr<archive, reader_closer>;

caf::error io_failure(const char* tried, const std::filesystem::path& file,
                      int system_error) {
  return failure(errc_for(system_error, errc::io_error),
                 std::string{"could not "} + tried + " " + file.string() + ": "
                   + std::strerror(system_error));
}

caf::error cancelled(const std::filesystem::path& file) {
  return failure(errc::cancelled,
                 "the work on " + file.string() + " was called off");
}

std::int64_t add_crc(std::int64_t crc, const char* data, std::size_t size) {
  return static_cast<std::int64_t>(::crc32(static_cast<uLong>(crc),
                                           reinterpret_cast<const Bytef*>(data),
                                           static_cast<uInt>(size)));
}

void tell(const byte_progress& progress, std::size_t bytes) {
  if (progress.moved)
    progress.moved(static_cast<std::int64_t>(bytes));
}

} // namespace

// -- writing ------------------------------------------------------------------

void archive_writer::closer::operator()(archive* x) const {
  archive_write_free(x);
}

caf::expected<std::unique_ptr<archive_writer>>
archive_writer::create(std::filesystem::path to) {
  if (auto err = refuse_existing(to))
    return err;
  std::unique_ptr<archive_writer> result{new archive_writer};
  result->to_ = std::move(to);
  auto beside = result->to_.string() + ".part-XXXXXX";
  result->fd_ = ::mkostemp(beside.data(), O_CLOEXEC);
  if (result->fd_ < 0)
    return io_failure("create", beside, errno);
  result->beside_ = std::move(beside);
  result->out_.reset(archive_write_new());
  auto* out = result->out_.get();
  if (archive_write_set_format_pax_restricted(out) != ARCHIVE_OK
      || archive_write_add_filter_zstd(out) != ARCHIVE_OK
      || archive_write_open_fd(out, result->fd_) != ARCHIVE_OK)
    return result->failed();
  return result;
}

archive_writer::~archive_writer() {
  out_.reset();
  if (fd_ >= 0)
    ::close(fd_);
  if (!beside_.empty())
    ::unlink(beside_.c_str());
}

caf::error archive_writer::failed() const {
  auto code = archive_errno(out_.get());
  const auto* text = archive_error_string(out_.get());
  return failure(errc_for(code, errc::io_error),
                 "could not write " + beside_ + ": "
                   + (text ? text : std::strerror(code))
                   + "; make space, or choose another place");
}

caf::error archive_writer::header(const std::string& name, std::int64_t bytes) {
  std::unique_ptr<archive_entry, entry_closer> entry{archive_entry_new()};
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_size(entry.get(), bytes);
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0600);
  archive_entry_set_mtime(entry.get(), ::time(nullptr), 0);
  return archive_write_header(out_.get(), entry.get()) == ARCHIVE_OK
         ? caf::error{}
         : failed();
}

caf::expected<archive_member>
archive_writer::add(const std::string& name, const std::filesystem::path& file,
                    const byte_progress& progress) {
  std::error_code unknown;
  auto size = std::filesystem::file_size(file, unknown);
  file_ptr in{unknown ? nullptr : std::fopen(file.c_str(), "rbe")};
  if (!in)
    return io_failure("read", file, unknown ? unknown.value() : errno);
  archive_member result{name, static_cast<std::int64_t>(size), 0};
  if (auto err = header(name, result.bytes))
    return err;
  auto data = std::make_unique<block>();
  for (auto left = size; left > 0;) {
    if (progress.stop.stop_requested())
      return cancelled(to_);
    auto got = std::fread(
      data->data(), 1, std::min<std::uintmax_t>(left, data->size()), in.get());
    if (got == 0)
      return io_failure("read", file, std::ferror(in.get()) ? errno : EIO);
    if (archive_write_data(out_.get(), data->data(), got)
        != static_cast<la_ssize_t>(got))
      return failed();
    result.crc32 = add_crc(result.crc32, data->data(), got);
    left -= got;
    tell(progress, got);
  }
  return result;
}

caf::error archive_writer::add_text(const std::string& name,
                                    std::string_view text) {
  if (auto err = header(name, static_cast<std::int64_t>(text.size())))
    return err;
  return archive_write_data(out_.get(), text.data(), text.size())
          == static_cast<la_ssize_t>(text.size())
         ? caf::error{}
         : failed();
}

caf::error archive_writer::finish() {
  if (archive_write_close(out_.get()) != ARCHIVE_OK)
    return failed();
  if (::fsync(fd_) != 0)
    return io_failure("sync", beside_, errno);
  if (auto err = rename_without_replacing(beside_, to_))
    return err;
  beside_.clear();
  auto directory = to_.parent_path();
  return sync_directory(directory.empty() ? "." : directory);
}

// -- reading ------------------------------------------------------------------

namespace {

/// Reads one archive, member by member.
class unpacking {
public:
  unpacking(const std::filesystem::path& file, const byte_progress& progress)
    : file_(file), progress_(progress), in_(archive_read_new()) {}

  caf::error open() {
    std::error_code unknown;
    if (!std::filesystem::is_regular_file(file_, unknown))
      return failure(errc::not_found, file_.string() + " is no file");
    archive_read_support_filter_zstd(in_.get());
    archive_read_support_format_tar(in_.get());
    return archive_read_open_filename(in_.get(), file_.c_str(), block_size)
            == ARCHIVE_OK
           ? caf::error{}
           : failed();
  }

  /// @returns the next member's name; empty at the end.
  caf::expected<std::string> next() {
    archive_entry* entry = nullptr;
    auto code = archive_read_next_header(in_.get(), &entry);
    if (code == ARCHIVE_EOF)
      return std::string{};
    if (code != ARCHIVE_OK)
      return failed();
    const auto* name = archive_entry_pathname(entry);
    auto plain = name && *name != '\0' && *name != '.'
              && std::strchr(name, '/') == nullptr
              && archive_entry_filetype(entry) == AE_IFREG
              && !archive_entry_hardlink(entry);
    if (!plain)
      return damaged("it has a member that is no plain file");
    return std::string{name};
  }

  caf::error extract(const std::filesystem::path& to, archive_member& member) {
    file_ptr out{std::fopen(to.c_str(), "wbxe")};
    if (!out)
      return io_failure("create", to, errno);
    auto write = [&](const char* data, std::size_t size) -> caf::error {
      if (std::fwrite(data, 1, size, out.get()) != size)
        return io_failure("write", to, errno);
      member.crc32 = add_crc(member.crc32, data, size);
      member.bytes += static_cast<std::int64_t>(size);
      return {};
    };
    if (auto err = each_block(write))
      return err;
    if (std::fflush(out.get()) != 0 || ::fdatasync(::fileno(out.get())) != 0)
      return io_failure("sync", to, errno);
    return {};
  }

  caf::error read(std::string& to) {
    return each_block([&](const char* data, std::size_t size) -> caf::error {
      if (to.size() + size > longest_text)
        return damaged("its description is too long");
      to.append(data, size);
      return {};
    });
  }

  caf::error damaged(const std::string& what) const {
    return failure(errc::corrupt, file_.string()
                                    + " is no backup of HoloLoom, or damaged: "
                                    + what + "; nothing was restored");
  }

private:
  template <class F>
  caf::error each_block(F f) {
    auto data = std::make_unique<block>();
    for (;;) {
      if (progress_.stop.stop_requested())
        return cancelled(file_);
      auto got = archive_read_data(in_.get(), data->data(), data->size());
      if (got == 0)
        return {};
      if (got < 0)
        return failed();
      if (auto err = f(data->data(), static_cast<std::size_t>(got)))
        return err;
      tell(progress_, static_cast<std::size_t>(got));
    }
  }

  caf::error failed() const {
    const auto* text = archive_error_string(in_.get());
    return damaged(text ? text : "it cannot be read");
  }

  const std::filesystem::path& file_;
  const byte_progress& progress_;
  reader_ptr in_;
};

} // namespace

caf::expected<unpacked> unpack(const std::filesystem::path& file,
                               const std::filesystem::path& directory,
                               std::string_view text_name,
                               const byte_progress& progress) {
  unpacking in{file, progress};
  if (auto err = in.open())
    return err;
  unpacked result;
  for (;;) {
    auto name = in.next();
    if (!name)
      return std::move(name.error());
    if (name->empty())
      return result;
    archive_member member{*name};
    if (auto err = *name == text_name ? in.read(result.text)
                                      : in.extract(directory / *name, member))
      return err;
    if (*name != text_name)
      result.files.push_back(std::move(member));
  }
}

} // namespace hololoom
