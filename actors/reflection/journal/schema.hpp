#pragma once

#include <hololoom/actors/storage/sqlite.hpp>

#include <cstdint>
#include <filesystem>

namespace hololoom {

/// The version of the journal's schema that this program writes.
inline constexpr std::int64_t journal_schema_version = 3;

/// Creates the tables of an empty journal, or migrates an older one, in one
/// transaction.
/// @returns `errc::newer_schema` for a newer journal, `errc::corrupt` for a
///          database that is no journal.
caf::error bring_up_to_date(sqlite::database& db,
                            const std::filesystem::path& file);

} // namespace hololoom
