#pragma once

#include <hololoom/messages/describe.hpp>
#include <hololoom/messages/errc.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

struct archive;

namespace hololoom {

/// A file in an archive.
struct archive_member {
  std::string name = {};
  std::int64_t bytes = 0;
  /// CRC-32 as of zlib.
  std::int64_t crc32 = 0;

  static constexpr auto fields() {
    using t = archive_member;
    return members(member("name", &t::name), member("bytes", &t::bytes),
                   member("crc32", &t::crc32));
  }
  bool operator==(const archive_member&) const = default;
};

/// Called now and then while bytes are moved.
struct byte_progress {
  /// How many more were moved since the last call; may be null.
  std::function<void(std::int64_t)> moved = {};
  /// Requests that it ends: `errc::cancelled`.
  std::stop_token stop = {};
};

/// Writes an archive: a tar file (pax), compressed by zstd, in bounded memory.
/// It appears under its name complete and durable, or not at all, and replaces
/// nothing.
class archive_writer {
public:
  /// @returns a storage error, or `errc::io_error` if `to` exists.
  static caf::expected<std::unique_ptr<archive_writer>>
  create(std::filesystem::path to);

  archive_writer(const archive_writer&) = delete;
  archive_writer& operator=(const archive_writer&) = delete;
  /// Removes what has not been finished. A killed process leaves it behind, as
  /// `to` with ".part-" and six letters.
  ~archive_writer();

  caf::expected<archive_member> add(const std::string& name,
                                    const std::filesystem::path& file,
                                    const byte_progress& progress = {});
  caf::error add_text(const std::string& name, std::string_view text);
  caf::error finish();

private:
  archive_writer() = default;
  caf::error header(const std::string& name, std::int64_t bytes);
  caf::error failed() const;

  struct closer {
    void operator()(archive* x) const;
  };
  std::filesystem::path to_;
  /// While it is written: beside `to_`, under a name that nothing else has.
  std::string beside_;
  int fd_ = -1;
  std::unique_ptr<archive, closer> out_;
};

/// What was in an archive.
struct unpacked {
  std::vector<archive_member> files = {};
  /// The member that was asked for as text.
  std::string text = {};
};

/// Unpacks an archive into `directory`. Only plain files that lie in no folder
/// are taken: any other member makes it `errc::corrupt`, so that nothing is
/// written elsewhere.
/// @param text_name a member that is read, up to 1 MiB, and not written.
/// @returns `errc::not_found`, `errc::corrupt` if it is no such archive or
///          damaged, or a storage error.
caf::expected<unpacked> unpack(const std::filesystem::path& file,
                               const std::filesystem::path& directory,
                               std::string_view text_name,
                               const byte_progress& progress = {});

} // namespace hololoom
