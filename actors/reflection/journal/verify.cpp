#include <hololoom/actors/reflection/journal/journal.hpp>

#include <sqlite3.h>

#include <functional>
#include <string>
#include <utility>

namespace hololoom {

namespace {

/// An index entry's share in a sum that does not depend on the entries' order.
std::uint64_t entry_hash(std::string_view id, std::int64_t sequence) {
  auto x = std::hash<std::string_view>{}(id)
         + static_cast<std::uint64_t>(sequence) * 0x9e3779b97f4a7c15;
  x ^= x >> 31;
  x *= 0xbf58476d1ce4e5b9;
  return x ^ (x >> 29);
}

caf::error damaged_file(const std::filesystem::path& file,
                        const std::string& what) {
  return failure(errc::corrupt,
                 file.string() + " is damaged: " + what
                   + "; run `hololoom repair` on its directory, nothing was "
                     "overwritten");
}

/// The sum over the index of ids, read without the table.
caf::expected<std::uint64_t> index_sum(sqlite::database& db) {
  std::uint64_t result = 0;
  auto add = [&](const sqlite::row& x) -> caf::error {
    result += entry_hash(x.text(0), x.integer(1));
    return {};
  };
  auto err = db.for_each_row("SELECT id, sequence FROM episodes INDEXED BY"
                             " sqlite_autoindex_episodes_1 ORDER BY id",
                             add);
  if (err)
    return err;
  return result;
}

caf::error check_spacetimes(sqlite::database& db,
                            const std::filesystem::path& file) {
  spacetime_row x;
  auto check = [&](const sqlite::row& row) -> caf::error {
    if (decode(row, x))
      return {};
    return damaged_file(file, "recorded spacetime " + std::to_string(x.number));
  };
  return db.for_each_row(select_spacetimes, check);
}

/// SQLite's own check of the structure: pages, cells and the list of free
/// pages.
caf::error check_structure(sqlite::database& db,
                           const std::filesystem::path& file) {
  auto verdict = db.text("PRAGMA quick_check(1)");
  if (!verdict)
    return std::move(verdict.error());
  return *verdict == "ok" ? caf::error{} : damaged_file(file, *verdict);
}

} // namespace

caf::error journal::verify(std::stop_token stop) {
  if (stop.stop_requested())
    return failure(errc::cancelled, "the check of " + options_.file.string()
                                      + " was called off");
  db_.stop_with(std::move(stop));
  auto err = verify_all();
  db_.stop_with({});
  return err;
}

/// The structure, the rows and the index: with large rows, each of the three
/// reads most pages.
caf::expected<std::int64_t> journal::reads_to_verify() {
  auto pages = db_.number("PRAGMA page_count");
  return pages ? 3 * *pages : pages;
}

caf::error journal::verify_all() {
  const auto& file = options_.file;
  if (auto err = check_structure(db_, file))
    return err;
  auto adjustments = read_adjustments(db_, baseline_.adjustments + 1);
  if (!adjustments)
    return std::move(adjustments.error());
  replay recomputed{baseline_, std::move(*adjustments)};
  std::uint64_t table_sum = 0;
  auto expected = baseline_.sequence + 1;
  episode_row x;
  auto check = [&](const sqlite::row& row) -> caf::error {
    if (!decode(row, x))
      return damaged_file(file, "episode " + std::to_string(x.sequence));
    if (x.sequence != expected)
      return damaged_file(file, "episode " + std::to_string(expected)
                                  + " is missing");
    ++expected;
    table_sum += entry_hash(x.id, x.sequence);
    recomputed.episode(x.learned);
    return {};
  };
  auto err = db_.for_each_row(select_episodes("ORDER BY sequence"), check);
  if (err)
    return err;
  if (expected != learned_.sequence + 1)
    return damaged_file(file, "it ends with episode "
                                + std::to_string(expected - 1) + " instead of "
                                + std::to_string(learned_.sequence));
  auto sum = index_sum(db_);
  if (!sum)
    return std::move(sum.error());
  if (*sum != table_sum)
    return damaged_file(file, "its index of episode ids");
  if ((err = check_spacetimes(db_, file)))
    return err;
  // The episodes are the truth, should another build have computed other bits.
  relearned_ = recomputed.finish() != learned_;
  learned_ = recomputed.state();
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  return {};
}

} // namespace hololoom
