#pragma once

#include <hololoom/messages/errc.hpp>

#include <filesystem>

namespace hololoom {

/// The last steps of a repair. The new journal is complete beside the damaged
/// one, as `journal.db.repaired`, and takes its place; the damaged one keeps
/// its bytes under another name. Each step may be interrupted and is then
/// repeated; until all are done, the damaged journal is not opened.

/// Where a repaired journal waits to be put in place.
std::filesystem::path repaired_file(const std::filesystem::path& journal);

/// Whether a repair of `journal` was interrupted during the swap.
/// @returns a storage error if the disk does not tell.
caf::expected<bool> swap_pending(const std::filesystem::path& journal);

/// Sets the damaged journal aside and puts the repaired one in its place.
/// @pre the caller holds the journal's lock.
/// @param aside set to the damaged journal's new name; empty if nothing was
///              moved.
/// @returns a storage error; the next call continues from there.
caf::error finish_swap(const std::filesystem::path& journal,
                       std::filesystem::path& aside);

} // namespace hololoom
