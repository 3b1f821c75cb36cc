#pragma once

#include <caf/error.hpp>

#include <filesystem>

namespace hololoom {

/// The last steps of a repair: the new journal stands complete beside the
/// damaged one, as `journal.db.repaired`, and takes its place. Nothing is
/// written to the damaged one, which goes on under another name. Each step can
/// be cut short, and is then taken again; until all are done the damaged
/// journal is not opened.

/// Where a repaired journal stands until it is in place.
std::filesystem::path repaired_file(const std::filesystem::path& journal);

/// Whether a repair of `journal` was cut short.
bool swap_pending(const std::filesystem::path& journal);

/// Sets the damaged journal aside and puts the repaired one in its place.
/// @pre its lock is held.
/// @param aside set to where the damaged one is then; empty when nothing was
///              moved yet.
/// @returns a storage error; the next call goes on from there.
caf::error finish_swap(const std::filesystem::path& journal,
                       std::filesystem::path& aside);

} // namespace hololoom
