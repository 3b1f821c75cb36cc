#pragma once

#include <hololoom/actors/storage/sqlite.hpp>

#include <cstdint>
#include <filesystem>

namespace hololoom {

/// The version of the journal's schema that this program writes.
inline constexpr std::int64_t journal_schema_version = 2;

/// The page where the index of episode ids begins: it has been there since
/// version 1, as the second thing that is made in an empty file.
inline constexpr std::uint32_t id_index_root = 3;

/// Brings a journal that was just opened to this version, in one transaction:
/// an empty one gets its tables, an older one is migrated.
/// @returns `errc::newer_schema` for a newer one, `errc::corrupt` for a
///          database that is no journal.
caf::error bring_up_to_date(sqlite::database& db,
                            const std::filesystem::path& file);

} // namespace hololoom
