#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/actors/reflection/journal/rows.hpp>

#include <sqlite3.h>

#include <functional>
#include <string>

namespace hololoom {

namespace {

/// A sum over entries of an index that does not depend on their order.
std::uint64_t entry_hash(std::string_view id, std::int64_t sequence) {
  auto x = std::hash<std::string_view>{}(id)
         + static_cast<std::uint64_t>(sequence) * 0x9e3779b97f4a7c15;
  x ^= x >> 31;
  x *= 0xbf58476d1ce4e5b9;
  return x ^ (x >> 29);
}

caf::error damaged(const std::filesystem::path& file, const std::string& what) {
  return failure(errc::corrupt,
                 file.string() + " is damaged: " + what
                   + "; run `hololoom repair` on its directory, nothing was "
                     "overwritten");
}

/// Sums up the index on ids alone, without the table.
caf::expected<std::uint64_t> index_sum(sqlite::database& db) {
  auto rows = db.prepare("SELECT id, sequence FROM episodes"
                         " INDEXED BY sqlite_autoindex_episodes_1 ORDER BY id");
  if (!rows)
    return std::move(rows.error());
  std::uint64_t result = 0;
  int code;
  while ((code = rows->step()) == SQLITE_ROW)
    result += entry_hash(rows->text(0), rows->integer(1));
  if (code != SQLITE_DONE)
    return db.last_error("read");
  return result;
}

caf::error check_spacetimes(sqlite::database& db,
                            const std::filesystem::path& file) {
  auto rows = db.prepare("SELECT number, id, body, checksum FROM spacetimes");
  if (!rows)
    return std::move(rows.error());
  int code;
  while ((code = rows->step()) == SQLITE_ROW)
    if (rows->integer(3)
        != checksum(rows->integer(0), rows->text(1), rows->text(2)))
      return damaged(file,
                     "recorded spacetime " + std::to_string(rows->integer(0)));
  return code == SQLITE_DONE ? caf::error{} : db.last_error("read");
}

/// SQLite's own look at the structure: pages, cells and the list of free pages.
caf::error check_structure(sqlite::database& db,
                           const std::filesystem::path& file) {
  auto verdict = db.text("PRAGMA quick_check(1)");
  if (!verdict)
    return std::move(verdict.error());
  return *verdict == "ok" ? caf::error{} : damaged(file, *verdict);
}

} // namespace

caf::error journal::verify() {
  const auto& file = options_.file;
  if (auto err = check_structure(db_, file))
    return err;
  auto adjustments = read_adjustments(db_, baseline_.adjustments + 1);
  if (!adjustments)
    return std::move(adjustments.error());
  replay anew{baseline_, std::move(*adjustments)};
  auto rows = db_.prepare("SELECT " HOLOLOOM_EPISODE_COLUMNS
                          " FROM episodes ORDER BY sequence");
  if (!rows)
    return std::move(rows.error());
  std::uint64_t table_sum = 0;
  auto expected = baseline_.sequence + 1;
  stored_episode x;
  int code;
  while ((code = rows->step()) == SQLITE_ROW) {
    if (!read_row(*rows, x))
      return damaged(file, "episode " + std::to_string(x.sequence));
    if (x.sequence != expected)
      return damaged(file,
                     "episode " + std::to_string(expected) + " is missing");
    ++expected;
    table_sum += entry_hash(x.record.id, x.sequence);
    anew.episode(x.record.learned);
  }
  if (code != SQLITE_DONE)
    return db_.last_error("read");
  rows->reset();
  if (expected != learned_.sequence + 1)
    return damaged(file, "it ends with episode " + std::to_string(expected - 1)
                           + " instead of "
                           + std::to_string(learned_.sequence));
  auto sum = index_sum(db_);
  if (!sum)
    return std::move(sum.error());
  if (*sum != table_sum)
    return damaged(file, "its index of episode ids");
  if (auto err = check_spacetimes(db_, file))
    return err;
  // The journal is the truth, should another build have computed other bits.
  relearned_ = anew.finish() != learned_;
  learned_ = anew.state();
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  return {};
}

} // namespace hololoom
