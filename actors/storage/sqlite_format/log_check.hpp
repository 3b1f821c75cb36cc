#pragma once

#include <hololoom/messages/errc.hpp>

#include <filesystem>

namespace hololoom {

/// Looks at the first bytes of the database `file`, before SQLite is let near
/// it. A file that is missing or empty is fine: it is yet to be made.
/// @returns `errc::corrupt` if it is no SQLite database in WAL mode.
caf::error check_head(const std::filesystem::path& file);

/// Looks for damage in the write-ahead log of the database `file` before SQLite
/// does, which reads a log up to the first frame that is wrong and takes the
/// rest for a write that a crash cut short. It was none if a later transaction
/// follows: each is synced before the next is begun, so what came before it had
/// been acknowledged.
///
/// The last transaction of a log cannot be told from one that was cut short.
/// @returns `errc::corrupt` for a log in which acknowledged frames are damaged.
caf::error check_log(const std::filesystem::path& file);

/// Looks whether a journal that is not there, or empty, was taken away: what is
/// beside it says that there was one. SQLite would make a new one, and throw
/// the log of the old one away.
/// @returns `errc::corrupt` with what is known of it.
caf::error check_absence(const std::filesystem::path& file);

} // namespace hololoom
