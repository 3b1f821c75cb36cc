// How a journal is opened. What it does in a transaction is in transaction.cpp.

#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/actors/reflection/journal/schema.hpp>
#include <hololoom/actors/reflection/journal/swap.hpp>
#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/actors/storage/sqlite_format/wal_check.hpp>
#include <hololoom/actors/storage/sqlite_format/wal_frames.hpp>

#include <sqlite3.h>

#include <system_error>

namespace hololoom {

namespace {

constexpr auto advice = "; run `hololoom repair` on its directory";

} // namespace

std::filesystem::path lock_file(std::filesystem::path journal) {
  return journal.replace_extension(".lock");
}

journal::journal(journal_options options) : options_(std::move(options)) {}

caf::expected<std::unique_ptr<journal>> journal::open(journal_options options) {
  std::unique_ptr<journal> result{new journal(std::move(options))};
  const auto& file = result->options_.file;
  if (!file.empty()) {
    if (auto failed = make_directory(file.parent_path()))
      return failure(errc::data_dir_unusable,
                     "could not use " + file.parent_path().string()
                       + " for data: " + failed.message()
                       + "; choose another directory");
    auto lock = file_lock::take(lock_file(file));
    if (!lock)
      return std::move(lock.error());
    result->lock_ = std::move(*lock);
    auto unfinished = swap_pending(file);
    if (!unfinished)
      return std::move(unfinished.error());
    std::filesystem::path aside;
    if (*unfinished)
      if (auto err = finish_swap(file, aside))
        return err;
    if (result->options_.vfs.empty())
      if (auto err = check_missing_database(file))
        return err;
    if (auto err = check_database_header(file))
      return err;
    if (auto err = check_wal(file))
      return err;
  }
  auto err = result->connect();
  if (!err)
    err = result->load();
  if (!err && !file.empty())
    err = result->compare_with_mark();
  if (!err)
    err = result->check_ends();
  // The statements never vary: what SQLite takes for a caller's mistake is
  // damage to the file.
  if (err && code_of(err) == errc::internal)
    return failure(errc::corrupt,
                   file.string() + " is damaged: " + explain(err) + advice);
  if (err)
    return err;
  result->keep_bytes(false);
  if (!file.empty())
    result->begin_verification();
  return result;
}

caf::error journal::connect() {
  disk_ =
    std::make_unique<disk>(options_.hooks, options_.vfs, options_.activity);
  auto db = sqlite::database::open(
    durable() ? options_.file.string() : ":memory:", disk_->name());
  if (!db)
    return std::move(db.error());
  db_ = std::move(*db);
  keep_bytes(true);
  // Exclusive: no other connection can write or checkpoint, and the index of
  // the log needs no shared memory. The journal checkpoints the log at times of
  // its own, not in the middle of a commit. EXTRA is FULL as far as the log
  // goes; it also makes durable that the rollback journal of a file being
  // created is gone, which would otherwise come back and undo everything.
  if (auto err = db_.run("PRAGMA page_size=" + std::to_string(sqlite_page_size)
                         + ";PRAGMA locking_mode=EXCLUSIVE;"
                           "PRAGMA temp_store=MEMORY;"
                           "PRAGMA cell_size_check=ON;"
                           "PRAGMA journal_size_limit=67108864;"
                           "PRAGMA synchronous=EXTRA;"
                           "PRAGMA wal_autocheckpoint=0"))
    return err;
  if (auto err = db_.run(durable() ? "PRAGMA journal_mode=WAL"
                                   : "PRAGMA journal_mode=MEMORY"))
    return err;
  if (auto err = bring_up_to_date(db_, options_.file))
    return err;
  sqlite3_wal_hook(
    db_.get(),
    [](void* self, sqlite3*, const char*, int pages) {
      static_cast<journal*>(self)->log_pages_ = pages;
      return SQLITE_OK;
    },
    this);
  if (durable())
    if (auto err = sync_directory(options_.file.parent_path()))
      return err;
  return prepare();
}

caf::error journal::prepare() {
  caf::error err;
  auto set = [&](sqlite::statement& to, const std::string& sql) {
    if (err)
      return;
    if (auto made = db_.prepare(sql))
      to = std::move(*made);
    else
      err = std::move(made.error());
  };
  set(begin_, "BEGIN IMMEDIATE");
  set(commit_, "COMMIT");
  set(insert_episode_, insert_episode);
  set(find_episode_, select_episodes("WHERE id=?"));
  set(read_episodes_, select_episodes("WHERE sequence>? AND body IS NOT NULL"
                                      " ORDER BY sequence LIMIT ?"));
  set(rewrite_, rewrite_episode);
  set(insert_spacetime_, insert_spacetime);
  set(find_spacetime_, "SELECT body FROM spacetimes WHERE id=?");
  set(replace_learned_, replace_learned);
  return err;
}

/// Whether closing the journal leaves the database's bytes as they are, and
/// what is in the log there.
void journal::keep_bytes(bool keep) {
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep ? 1 : 0,
                    nullptr);
}

caf::error journal::load() {
  auto rows_found = 0;
  std::optional<learned_state> reached;
  if (auto err = load_learned(rows_found, reached))
    return err;
  if (auto err = load_spacetime_range())
    return err;
  if (rows_found == 2)
    return replay_tail(reached);
  auto episodes = db_.number("SELECT count(*) FROM episodes");
  if (!episodes)
    return std::move(episodes.error());
  if (rows_found != 0 || *episodes != 0)
    return failure(errc::corrupt, "what was learned is missing in "
                                    + options_.file.string() + advice);
  return start_from(baseline_);
}

caf::error journal::load_learned(int& rows_found,
                                 std::optional<learned_state>& reached) {
  return db_.for_each_row(
    select_learned, [&](const sqlite::row& row) -> caf::error {
      learned_row x;
      if (!decode(row, x))
        return damaged("what was learned");
      if (x.kind == learned_kind::reached) {
        reached = std::move(x.state);
        return {};
      }
      (x.kind == learned_kind::baseline ? baseline_ : learned_) =
        std::move(x.state);
      ++rows_found;
      return {};
    });
}

/// Counts the episodes after those that the stored state covers. Damage among
/// them is left to the verification, which looks at all rows: until a repair,
/// what was learned may be wrong, but no number is given twice.
caf::error journal::replay_tail(const std::optional<learned_state>& reached) {
  state_saved_ = learned_.sequence;
  auto adjustments = read_adjustments(db_, learned_.adjustments + 1);
  if (!adjustments && !is(adjustments.error(), errc::corrupt))
    return std::move(adjustments.error());
  replay tail{learned_, adjustments ? std::move(*adjustments)
                                    : std::deque<adjustment_row>{}};
  auto rows = std::string{select_outcomes} + " WHERE sequence>"
            + std::to_string(state_saved_) + " ORDER BY sequence";
  auto err = db_.for_each_row(rows, [&](const sqlite::row& row) -> caf::error {
    tail.episode(outcome_in(row));
    return {};
  });
  if (err && !is(err, errc::corrupt))
    return err;
  learned_ = tail.finish();
  // An older version wrote the whole state with each commit.
  if (reached) {
    learned_.sequence = reached->sequence;
    learned_.adjustments = reached->adjustments;
  }
  return {};
}

caf::error journal::load_spacetime_range() {
  auto last = db_.number("SELECT coalesce(max(number),0) FROM spacetimes");
  if (!last)
    return std::move(last.error());
  spacetimes_recorded_ = *last;
  auto first = db_.number("SELECT coalesce(min(number),1) FROM spacetimes");
  if (!first)
    return std::move(first.error());
  spacetimes_dropped_ = *first - 1;
  return {};
}

caf::error journal::damaged(const std::string& what) const {
  return failure(errc::corrupt,
                 what + " is damaged in " + options_.file.string() + advice);
}

caf::error journal::check_ends() {
  // Of the schema's table alone, whose check covers the list of free pages.
  if (auto err = check_structure("sqlite_schema"))
    return err;
  auto first = db_.number("SELECT coalesce(min(sequence),0) FROM episodes");
  if (!first)
    return std::move(first.error());
  auto last = db_.number("SELECT coalesce(max(sequence),0) FROM episodes");
  if (!last)
    return std::move(last.error());
  auto any = learned_.sequence > baseline_.sequence;
  if (*first != (any ? baseline_.sequence + 1 : 0))
    return damaged("the beginning of the episodes, at number "
                   + std::to_string(baseline_.sequence + 1) + ",");
  if (*last != (any ? learned_.sequence : 0))
    return damaged("the end of the episodes, at number "
                   + std::to_string(learned_.sequence) + ",");
  if (!any)
    return {};
  auto row = db_.prepare(select_episodes("WHERE sequence=?"));
  if (!row)
    return std::move(row.error());
  row->bind(1, *last);
  episode_row x;
  if (row->step() != SQLITE_ROW || !decode(*row, x))
    return damaged("episode " + std::to_string(*last));
  auto found = find(x.id);
  if (!found)
    return std::move(found.error());
  return *found && (*found)->sequence == *last
         ? caf::error{}
         : damaged("the index of episode ids");
}

caf::error journal::compare_with_mark() {
  mark_.open(high_water_file(options_.file));
  // A journal in another file system has no mark there.
  if (!options_.vfs.empty() || learned_.sequence >= mark_.value()) {
    mark_.raise(learned_.sequence);
    return {};
  }
  return failure(errc::corrupt,
                 options_.file.string() + " ends with episode "
                   + std::to_string(learned_.sequence) + ", but "
                   + std::to_string(mark_.value())
                   + " were acknowledged: the end of its log is damaged, or it "
                     "is an older copy; run `hololoom repair` on its "
                     "directory, which takes it as it is");
}

} // namespace hololoom
