#include <hololoom/actors/reflection/journal/schema.hpp>

#include <array>
#include <string>

namespace hololoom {

namespace {

/// "HLRJ": HoloLoom's reflection journal.
constexpr std::int64_t application_id = 0x484c524a;

/// The migrations from each version to the next. A released step never changes;
/// a new version is a new step at the end.
///
/// `episodes`: `body` is null once a consolidation has removed it; the other
/// columns remain, so that the learned state can be recomputed, and `content`
/// tells a retry from another episode. Rows of an older version lack the
/// columns that a step has added, and are not rewritten. Sequence
/// numbers have no gaps: rows are dropped only from the front. `learned`: see
/// `learned_kind`.
constexpr std::array steps{
  // 0 -> 1
  "CREATE TABLE episodes("
  "  sequence INTEGER PRIMARY KEY,"
  "  id TEXT NOT NULL UNIQUE,"
  "  at INTEGER NOT NULL,"
  "  tool TEXT NOT NULL,"
  "  pattern TEXT NOT NULL,"
  "  reward REAL NOT NULL,"
  "  success INTEGER NOT NULL,"
  "  formula INTEGER NOT NULL,"
  "  confidence REAL NOT NULL,"
  "  duration_ms REAL NOT NULL,"
  "  query_length INTEGER NOT NULL,"
  "  discount REAL NOT NULL,"
  "  body TEXT,"
  "  checksum INTEGER NOT NULL);"
  "CREATE TABLE adjustments("
  "  number INTEGER PRIMARY KEY,"
  "  after_sequence INTEGER NOT NULL,"
  "  body TEXT NOT NULL,"
  "  checksum INTEGER NOT NULL);"
  "CREATE TABLE learned("
  "  kind INTEGER PRIMARY KEY,"
  "  body TEXT NOT NULL,"
  "  checksum INTEGER NOT NULL);",
  // 1 -> 2: spacetimes, for a later reflection.
  "CREATE TABLE spacetimes("
  "  number INTEGER PRIMARY KEY,"
  "  id TEXT NOT NULL UNIQUE,"
  "  body TEXT NOT NULL,"
  "  checksum INTEGER NOT NULL);",
  // 2 -> 3: columns that prove a row without its body, and tell a retry then.
  "ALTER TABLE episodes ADD COLUMN body_checksum INTEGER;"
  "ALTER TABLE episodes ADD COLUMN content INTEGER;",
};

static_assert(steps.size() == journal_schema_version);

caf::error migrate(sqlite::database& db, std::int64_t from) {
  // A migration writes to the schema, and takes pages from the list of free
  // ones.
  auto verdict = db.text("PRAGMA quick_check(sqlite_schema)");
  if (!verdict)
    return std::move(verdict.error());
  if (*verdict != "ok")
    return failure(errc::corrupt, "the journal is damaged: " + *verdict
                                    + "; run `hololoom repair`");
  if (auto err = db.run("BEGIN IMMEDIATE"))
    return err;
  for (auto i = static_cast<std::size_t>(from); i < steps.size(); ++i) {
    if (auto err = db.run(steps[i])) {
      db.rollback();
      return err;
    }
  }
  auto stamp = "PRAGMA application_id=" + std::to_string(application_id)
             + "; PRAGMA user_version=" + std::to_string(journal_schema_version)
             + "; COMMIT";
  auto err = db.run(stamp);
  if (err)
    db.rollback();
  return err;
}

} // namespace

caf::error bring_up_to_date(sqlite::database& db,
                            const std::filesystem::path& file) {
  auto version = db.number("PRAGMA user_version");
  if (!version)
    return std::move(version.error());
  auto application = db.number("PRAGMA application_id");
  if (!application)
    return std::move(application.error());
  auto tables = db.number("SELECT count(*) FROM sqlite_master");
  if (!tables)
    return std::move(tables.error());
  auto empty = *version == 0 && *application == 0 && *tables == 0;
  if (!empty && (*application != application_id || *version < 1))
    return failure(
      errc::corrupt,
      file.string()
        + " is not a HoloLoom journal, or its first "
          "page is damaged; run `hololoom repair` on its directory, "
          "or choose another one");
  if (*version > journal_schema_version)
    return failure(errc::newer_schema,
                   file.string() + " was written by a newer version (schema "
                     + std::to_string(*version) + ", this one knows up to "
                     + std::to_string(journal_schema_version)
                     + "); use that version");
  if (*version < journal_schema_version)
    return migrate(db, *version);
  return {};
}

} // namespace hololoom
