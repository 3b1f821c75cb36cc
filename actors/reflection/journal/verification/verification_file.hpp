#pragma once

#include <hololoom/actors/reflection/journal/verification/verification.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace hololoom {

/// Which bytes a verification has read: a file's inode, its size, and when it
/// was last written.
struct file_version {
  std::int64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t written_ns = 0;

  static constexpr auto fields() {
    using t = file_version;
    return members(member("inode", &t::inode), member("size", &t::size),
                   member("written_ns", &t::written_ns));
  }
  bool operator==(const file_version&) const = default;
};

/// What a restart needs to go on with a verification.
struct verification_record {
  file_version database;
  /// The last rows that retention had dropped.
  std::int64_t episodes_dropped = 0;
  std::int64_t spacetimes_dropped = 0;
  verification_progress progress;
  /// The damage that was found; empty if there is none.
  std::string damage;

  static constexpr auto fields() {
    using t = verification_record;
    return members(member("database", &t::database),
                   member("episodes_dropped", &t::episodes_dropped),
                   member("spacetimes_dropped", &t::spacetimes_dropped),
                   member("progress", &t::progress),
                   member("damage", &t::damage));
  }
  bool operator==(const verification_record&) const = default;
};

/// The file `journal.verified` beside the journal, with how far the
/// verification is.
///
/// It is cheap: it is written now and then and never synced. It cannot claim
/// more than was read, because it counts only for the very bytes that were
/// read: the database must have the inode, the size and the time of its last
/// write that it had then. A copy, a restored file, a repaired one, or one that
/// another program has written to is verified from its beginning, and so is one
/// that the journal itself has written to before a crash kept it from writing
/// this file again. A file that is torn or damaged, as its CRC-32 shows, does
/// not count either.
///
/// Belongs to one thread.
class verification_file {
public:
  explicit verification_file(const std::filesystem::path& journal);
  verification_file(const verification_file&) = delete;
  verification_file& operator=(const verification_file&) = delete;
  /// Writes the last record, if there is one.
  ~verification_file();

  /// The record; none if there is none that counts.
  std::optional<verification_record> read() const;

  /// Stamps the database, which has its time of writing set, and writes the
  /// record for it as it is now. An error only costs the next opening that it
  /// begins anew.
  void write(verification_record x) const;

  /// Writes the record when this object ends, for the database as it is then.
  void write_at_end(verification_record x) { last_ = std::move(x); }

private:
  std::filesystem::path journal_;
  std::filesystem::path file_;
  std::optional<verification_record> last_;
};

} // namespace hololoom
