#pragma once

#include <hololoom/actors/storage/sqlite.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>

struct sqlite3_backup;

namespace hololoom::sqlite {

/// A copy of an open database into a new file, made step by step while its
/// connection goes on to write (https://www.sqlite.org/backup.html): what the
/// connection commits between two steps is in the copy too, so that the copy is
/// the database at the instant of the last step. A transaction that fails
/// between two steps makes it begin anew.
///
/// Belongs to the thread of the connection, and must end before it does. An
/// incomplete copy is removed. The file is not synced.
class online_copy {
public:
  /// @returns a storage error of the new file, whose directory must exist.
  static caf::expected<std::unique_ptr<online_copy>>
  begin(database& from, std::filesystem::path to);

  online_copy(const online_copy&) = delete;
  online_copy& operator=(const online_copy&) = delete;
  ~online_copy();

  /// Copies up to `pages` further pages, outside of any transaction. After an
  /// error the copy is of no use.
  caf::error step(int pages);

  bool complete() const noexcept { return complete_; }

  const std::filesystem::path& file() const noexcept { return to_; }

  /// Pages.
  std::int64_t copied() const;
  std::int64_t total() const;

private:
  online_copy(database to, std::filesystem::path file);
  caf::error conclude();

  struct finisher {
    void operator()(sqlite3_backup* x) const;
  };

  database copy_;
  std::filesystem::path to_;
  std::unique_ptr<sqlite3_backup, finisher> backup_;
  bool complete_ = false;
};

} // namespace hololoom::sqlite
