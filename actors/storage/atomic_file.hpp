#pragma once

#include <hololoom/messages/errc.hpp>

#include <filesystem>
#include <string_view>
#include <system_error>

namespace hololoom {

class disk;

/// The error code for a system call that failed with `system_error`:
/// `errc::disk_full`, `errc::read_only`, or else `otherwise`.
errc errc_for(int system_error, errc otherwise);

/// Replaces the contents of `file` by `text`, completely or not at all: `text`
/// is written to a file beside it, synced and renamed over it, and the
/// directory is synced. After a crash at any instant the file has its old
/// contents or the new ones.
/// @param through the disk whose hooks see the write; null: none.
/// @returns `errc::disk_full`, `errc::read_only` or `errc::io_error`.
caf::error write_atomically(const std::filesystem::path& file,
                            std::string_view text,
                            const disk* through = nullptr);

/// Makes `to` a copy of `from` whose bytes are durable; its name is not, until
/// the directory is synced. Removes an incomplete copy.
/// @returns as above.
caf::error copy_to_disk(const std::filesystem::path& from,
                        const std::filesystem::path& to);

/// @returns `errc::io_error` if something is there under that name.
caf::error refuse_existing(const std::filesystem::path& file);

/// Moves `file` to `to`, in one step.
/// @returns `errc::io_error` if `to` exists, or a storage error; then nothing
///          was moved.
caf::error rename_without_replacing(const std::filesystem::path& file,
                                    const std::filesystem::path& to);

/// Moves `file` to `wanted`, or, if that name is taken, to `wanted` with a
/// number after its stem. Never overwrites a file.
/// @returns the new name, or a storage error; then nothing was moved.
caf::expected<std::filesystem::path>
move_to_fresh_name(const std::filesystem::path& file,
                   const std::filesystem::path& wanted);

/// Creates `directory`, and its parents, where they are missing, and makes
/// their names durable.
/// @param through as for `write_atomically`.
/// @returns why that failed, or that `directory` is something else.
std::error_code make_directory(const std::filesystem::path& directory,
                               const disk* through = nullptr);

/// Makes the names in `directory` durable.
caf::error sync_directory(const std::filesystem::path& directory);

} // namespace hololoom
