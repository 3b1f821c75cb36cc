#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/actors/reflection/journal/rows.hpp>
#include <hololoom/actors/reflection/journal/schema.hpp>
#include <hololoom/actors/reflection/repair/swap.hpp>
#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/actors/storage/sqlite_format/log_check.hpp>
#include <hololoom/messages/json/read.hpp>

#include <sqlite3.h>

#include <system_error>

namespace hololoom {

namespace {

constexpr std::int64_t baseline_kind = 0;
constexpr std::int64_t current_kind = 1;

caf::error make_directory(const std::filesystem::path& directory) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (!failed && !std::filesystem::is_directory(directory, failed))
    failed = std::make_error_code(std::errc::not_a_directory);
  if (!failed)
    return {};
  return failure(errc::data_dir_unusable, "could not use " + directory.string()
                                            + " for data: " + failed.message()
                                            + "; choose another directory");
}

/// What SQLite calls an error of its caller's, and is one of the file's: the
/// statements are always the same.
caf::error not_understood(const std::filesystem::path& file,
                          const caf::error& why) {
  return failure(errc::corrupt, file.string() + " is damaged: " + explain(why)
                                  + "; run `hololoom repair` on its directory");
}

} // namespace

journal::journal(journal_options options) : options_(std::move(options)) {}

journal::~journal() = default;

caf::expected<std::unique_ptr<journal>> journal::open(journal_options options) {
  std::unique_ptr<journal> result{new journal(std::move(options))};
  const auto& file = result->options_.file;
  if (!file.empty()) {
    if (auto err = make_directory(file.parent_path()))
      return err;
    auto lock_file = file;
    auto lock = file_lock::take(lock_file.replace_extension(".lock"));
    if (!lock)
      return std::move(lock.error());
    result->lock_ = std::move(*lock);
    std::filesystem::path aside;
    if (swap_pending(file))
      if (auto err = finish_swap(file, aside))
        return err;
    if (result->options_.vfs.empty())
      if (auto err = check_absence(file))
        return err;
    if (auto err = check_head(file))
      return err;
    if (auto err = check_log(file))
      return err;
  }
  auto err = result->connect();
  if (!err)
    err = result->load();
  if (!err && !file.empty())
    err = result->compare_with_mark();
  if (err)
    return code_of(err) == errc::internal ? not_understood(file, err) : err;
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
  // Until it is verified, not even closing it may write.
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  // Exclusive: no other connection can write or checkpoint, and the index of
  // the log needs no shared memory. The log is moved into the database when it
  // suits the writer, not in the middle of a commit. EXTRA is FULL as far as
  // the log goes; it also makes durable that the rollback journal of a file
  // being created is gone, which would else come back and undo everything.
  if (auto err = db_.run("PRAGMA locking_mode=EXCLUSIVE;"
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
  auto set = [this](sqlite::statement& to, const char* sql) -> caf::error {
    auto made = db_.prepare(sql);
    if (!made)
      return std::move(made.error());
    to = std::move(*made);
    return {};
  };
  caf::error err;
  auto all = [&](sqlite::statement& to, const char* sql) {
    if (!err)
      err = set(to, sql);
  };
  all(begin_, "BEGIN IMMEDIATE");
  all(commit_, "COMMIT");
  all(insert_episode_,
      "INSERT INTO episodes(" HOLOLOOM_EPISODE_COLUMNS
      ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(id) DO NOTHING");
  all(find_episode_,
      "SELECT " HOLOLOOM_EPISODE_COLUMNS " FROM episodes WHERE id=?");
  all(read_episodes_, "SELECT " HOLOLOOM_EPISODE_COLUMNS
                      " FROM episodes WHERE sequence>? AND body IS NOT NULL"
                      " ORDER BY sequence LIMIT ?");
  all(rewrite_, "UPDATE episodes SET body=?2, checksum=?3 WHERE sequence=?1");
  all(insert_spacetime_,
      "INSERT INTO spacetimes(number,id,body,checksum) VALUES(?,?,?,?)"
      " ON CONFLICT(id) DO NOTHING");
  all(find_spacetime_, "SELECT body FROM spacetimes WHERE id=?");
  all(keep_, "INSERT OR REPLACE INTO learned(kind,body,checksum)"
             " VALUES(?,?,?)");
  return err;
}

caf::error journal::load() {
  auto rows = db_.prepare("SELECT kind, body, checksum FROM learned");
  if (!rows)
    return std::move(rows.error());
  auto seen = 0;
  int code;
  while ((code = rows->step()) == SQLITE_ROW) {
    auto kind = rows->integer(0);
    auto body = rows->text(1);
    auto state = from_json_text<learned_state>(body);
    if (!state || rows->integer(2) != checksum(kind, {}, body))
      return failure(errc::corrupt,
                     "what was learned is damaged in " + options_.file.string()
                       + "; run `hololoom repair` on its directory");
    (kind == baseline_kind ? baseline_ : learned_) = std::move(*state);
    ++seen;
  }
  if (code != SQLITE_DONE)
    return db_.last_error("read");
  if (auto err = load_spacetimes())
    return err;
  if (seen == 2)
    return {};
  auto episodes = db_.number("SELECT count(*) FROM episodes");
  if (!episodes)
    return std::move(episodes.error());
  if (seen != 0 || *episodes != 0)
    return failure(errc::corrupt,
                   "what was learned is missing in " + options_.file.string()
                     + "; run `hololoom repair` on its directory");
  if (auto err = begin())
    return err;
  changed_ = true;
  if (auto err = keep(baseline_kind, baseline_))
    return err;
  return commit();
}

caf::error journal::load_spacetimes() {
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

caf::error journal::compare_with_mark() {
  mark_.open(high_water_file(options_.file));
  // The mark of a journal in another file system is not in there.
  if (!options_.vfs.empty() || learned_.sequence >= mark_.mark()) {
    mark_.raise(learned_.sequence);
    return {};
  }
  return failure(errc::corrupt,
                 options_.file.string() + " ends with episode "
                   + std::to_string(learned_.sequence) + ", but "
                   + std::to_string(mark_.mark())
                   + " were acknowledged: the end of its log is damaged; run "
                     "`hololoom repair` on its directory");
}

// -- one transaction ----------------------------------------------------------

caf::error journal::begin() {
  changed_ = false;
  draft_ = learned_;
  return run(begin_);
}

/// Runs a statement that is prepared once and answers nothing.
caf::error journal::run(sqlite::statement& x) {
  auto code = x.step();
  auto err = code == SQLITE_DONE ? caf::error{} : db_.last_error("write to");
  x.reset();
  return err;
}

caf::expected<placement> journal::find(const std::string& id) {
  find_episode_.reset();
  find_episode_.bind(1, std::string_view{id});
  if (find_episode_.step() != SQLITE_ROW)
    return db_.last_error("read");
  stored_episode x;
  auto intact = read_row(find_episode_, x);
  find_episode_.reset();
  if (!intact)
    return failure(errc::corrupt, "episode " + id + " is damaged in "
                                    + options_.file.string()
                                    + "; run `hololoom repair`");
  return placement{x.sequence, false, x.record.learned.reward, x.record.formula,
                   x.record.learned.success};
}

caf::expected<placement> journal::add(const episode_record& x) {
  auto sequence = draft_.sequence + 1;
  insert_episode_.reset();
  bind_row(insert_episode_, sequence, x);
  auto code = insert_episode_.step();
  auto inserted = code == SQLITE_DONE && db_.changes() > 0;
  auto err = code == SQLITE_DONE ? caf::error{} : db_.last_error("write to");
  insert_episode_.reset();
  if (err)
    return err;
  if (!inserted)
    return find(x.id);
  count(draft_, x.learned);
  changed_ = true;
  return placement{sequence, true, x.learned.reward, x.formula,
                   x.learned.success};
}

caf::error journal::record(std::string_view id, std::string_view body) {
  auto number = spacetimes_recorded_ + 1;
  insert_spacetime_.reset();
  insert_spacetime_.bind(1, number);
  insert_spacetime_.bind(2, id);
  insert_spacetime_.bind(3, body);
  insert_spacetime_.bind(4, checksum(number, id, body));
  auto code = insert_spacetime_.step();
  auto err = code == SQLITE_DONE ? caf::error{} : db_.last_error("write to");
  if (!err && db_.changes() > 0)
    spacetimes_recorded_ = number;
  insert_spacetime_.reset();
  return err;
}

caf::error journal::adjust(const adjustment& x) {
  auto insert = db_.prepare("INSERT INTO adjustments(number,after_sequence,"
                            "body,checksum) VALUES(?,?,?,?)");
  if (!insert)
    return std::move(insert.error());
  auto number = draft_.adjustments + 1;
  auto after = draft_.sequence;
  auto body = json_text(x);
  insert->bind(1, number);
  insert->bind(2, after);
  insert->bind(3, std::string_view{body});
  insert->bind(4, checksum(number, std::to_string(after), body));
  if (insert->step() != SQLITE_DONE)
    return db_.last_error("write to");
  apply(draft_, x);
  changed_ = true;
  return {};
}

caf::error journal::rewrite(std::int64_t sequence, std::string_view body) {
  auto row = db_.prepare("SELECT " HOLOLOOM_EPISODE_COLUMNS
                         " FROM episodes WHERE sequence=?");
  if (!row)
    return std::move(row.error());
  row->bind(1, sequence);
  if (row->step() != SQLITE_ROW)
    return {}; // Retention was faster.
  stored_episode x;
  if (!read_row(*row, x))
    return failure(errc::corrupt, "episode " + std::to_string(sequence)
                                    + " is damaged in "
                                    + options_.file.string());
  rewrite_.reset();
  rewrite_.bind(1, sequence);
  if (body.empty())
    rewrite_.bind_null(2);
  else
    rewrite_.bind(2, body);
  const auto& r = x.record;
  rewrite_.bind(3, checksum(sequence, r.id, r.learned, r.formula, body));
  return run(rewrite_);
}

caf::error journal::keep(std::int64_t kind, const learned_state& state) {
  auto body = json_text(state);
  keep_.reset();
  keep_.bind(1, kind);
  keep_.bind(2, std::string_view{body});
  keep_.bind(3, checksum(kind, {}, body));
  return run(keep_);
}

caf::error journal::commit() {
  if (changed_)
    if (auto err = keep(current_kind, draft_)) {
      rollback();
      return err;
    }
  if (auto err = run(commit_)) {
    rollback();
    return err;
  }
  std::swap(learned_, draft_);
  mark_.raise(learned_.sequence);
  return {};
}

void journal::rollback() {
  db_.rollback();
  disk_->cut_log();
  // Retention counts by number: those of the transaction are free again. What
  // cannot be read now is no worse than what was known before.
  (void)load_spacetimes();
}

} // namespace hololoom
