#pragma once

#include <hololoom/messages/errc.hpp>

#include <filesystem>
#include <string_view>

namespace hololoom {

class disk;

/// Our code for why the system refused to write: `errc::disk_full`,
/// `errc::read_only`, or else `other`.
errc refusal_of(int reason, errc other);

/// Replaces `file` by `text`, whole or not at all: written beside it, synced,
/// renamed over it, and the directory synced. A crash at any instant leaves the
/// old contents or the new ones.
/// @param through the disk that it is written to; null: one that nobody
/// watches.
/// @returns `errc::disk_full`, `errc::read_only` or `errc::io_error`.
caf::error write_atomically(const std::filesystem::path& file,
                            std::string_view text,
                            const disk* through = nullptr);

/// Makes `to` a copy of `from` whose bytes are on disk; its name is not yet.
/// What could not be completed is removed.
/// @returns as above.
caf::error copy_to_disk(const std::filesystem::path& from,
                        const std::filesystem::path& to);

/// Makes the names in `directory` durable.
caf::error sync_directory(const std::filesystem::path& directory);

} // namespace hololoom
