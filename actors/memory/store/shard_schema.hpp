#pragma once

#include <hololoom/actors/storage/sqlite.hpp>

#include <string>

namespace hololoom::detail {

/// Makes an open SQLite file ready to hold shards: claims it for this
/// connection, and creates its tables if it is empty.
/// @param path for error sentences
/// @returns also `newer_schema`, and `corrupt` for another program's database;
///          neither is changed.
caf::error prepare_shard_file(sqlite::database& db, const std::string& path);

} // namespace hololoom::detail
