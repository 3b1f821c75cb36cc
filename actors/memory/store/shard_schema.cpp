#include <hololoom/actors/memory/store/shard_schema.hpp>

namespace hololoom::detail {

namespace {

/// "HLYG": HoloLoom's yarn graph.
constexpr std::int64_t application_id = 0x484c5947;
constexpr std::int64_t schema_version = 1;

/// `rest` is the shard without id and text, as JSON. `checksum` is the CRC-32
/// of id, text and rest. A shard that is written again moves to the end.
constexpr const char* schema = "CREATE TABLE sources("
                               "  number INTEGER PRIMARY KEY,"
                               "  path TEXT NOT NULL UNIQUE);"
                               "CREATE TABLE shards("
                               "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
                               "  id TEXT NOT NULL UNIQUE,"
                               "  source INTEGER REFERENCES sources(number),"
                               "  text TEXT NOT NULL,"
                               "  rest TEXT NOT NULL,"
                               "  checksum INTEGER NOT NULL);"
                               "CREATE INDEX shards_by_source ON shards(source)"
                               "  WHERE source IS NOT NULL;";

/// @returns the file's schema version; 0 for an empty file.
caf::expected<std::int64_t> check_file(sqlite::database& db,
                                       const std::string& path) {
  auto version = db.number("PRAGMA user_version");
  if (!version)
    return version;
  if (*version > schema_version)
    return failure(errc::newer_schema,
                   "could not open " + path
                     + ": it was written by a newer "
                       "version (schema "
                     + std::to_string(*version) + ", this program knows "
                     + std::to_string(schema_version)
                     + "); use that version, or another data directory");
  auto tables = db.number("SELECT count(*) FROM sqlite_master");
  auto id = db.number("PRAGMA application_id");
  if (!tables || !id)
    return std::move(!tables ? tables.error() : id.error());
  if (*tables > 0 && *id != application_id)
    return failure(errc::corrupt, "could not open " + path
                                    + ": it is a database of another program; "
                                      "nothing was changed");
  return version;
}

caf::error use_write_ahead_log(sqlite::database& db, const std::string& path) {
  if (auto err = db.run("PRAGMA journal_mode=WAL;"
                        "PRAGMA synchronous=FULL;"
                        "PRAGMA wal_autocheckpoint=10000"))
    return err;
  auto mode = db.text("PRAGMA journal_mode");
  if (!mode)
    return std::move(mode.error());
  if (*mode != "wal")
    return failure(errc::io_error,
                   "could not open " + path
                     + ": its disk does not let "
                       "SQLite keep a write-ahead log (journal mode "
                     + *mode + "); use a local disk");
  return {};
}

caf::error create_tables(sqlite::database& db) {
  auto script = std::string{"BEGIN IMMEDIATE;"} + schema
              + "PRAGMA application_id=" + std::to_string(application_id)
              + ";PRAGMA user_version=" + std::to_string(schema_version)
              + ";COMMIT";
  auto err = db.run(script);
  if (err)
    db.rollback();
  return err;
}

} // namespace

caf::error prepare_shard_file(sqlite::database& db, const std::string& path) {
  // An exclusive lock keeps other connections from writing and checkpointing:
  // no race about resetting the log. Before the first read, so that there is no
  // shared memory file beside it either, for which a full disk has no room.
  if (auto err = db.run("PRAGMA locking_mode=EXCLUSIVE"))
    return err;
  auto version = check_file(db, path);
  if (!version)
    return std::move(version.error());
  if (auto err = use_write_ahead_log(db, path))
    return err;
  // Read again: another process may have created the tables meanwhile.
  version = db.number("PRAGMA user_version");
  if (!version)
    return std::move(version.error());
  return *version == schema_version ? caf::error{} : create_tables(db);
}

} // namespace hololoom::detail
