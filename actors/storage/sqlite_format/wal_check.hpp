#pragma once

#include <hololoom/messages/errc.hpp>

#include <filesystem>

/// Checks of a database's files for damage that SQLite would not report, or
/// would make worse. Run them before SQLite opens the database.

namespace hololoom {

/// Checks the first bytes of the database `file`. A file that is missing or
/// empty passes: SQLite will create it.
/// @returns `errc::corrupt` if it is no SQLite database in WAL mode.
caf::error check_database_header(const std::filesystem::path& file);

/// Checks the write-ahead log of the database `file`. SQLite reads a log up to
/// the first frame that is wrong and takes the rest for a write that a crash
/// cut short. If a later transaction follows, it was no such write: each
/// transaction is synced before the next one starts, so that the wrong frame
/// had been acknowledged.
///
/// A damaged last transaction cannot be told from one that was cut short.
/// @returns `errc::corrupt` for a log in which acknowledged frames are damaged.
caf::error check_wal(const std::filesystem::path& file);

/// Checks whether a database `file` that is missing or empty once had contents,
/// as the files beside it show. SQLite would create a new one and delete the
/// log of the old one.
/// @returns `errc::corrupt` with the evidence; `errc::io_error` if the disk
///          does not tell.
caf::error check_missing_database(const std::filesystem::path& file);

} // namespace hololoom
