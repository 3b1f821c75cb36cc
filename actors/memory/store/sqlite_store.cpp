#include <hololoom/actors/memory/index/keep_last.hpp>
#include <hololoom/actors/memory/store/shard_rows.hpp>
#include <hololoom/actors/memory/store/shard_schema.hpp>
#include <hololoom/actors/memory/store/shard_store.hpp>

#include <sqlite3.h>

#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace hololoom {

namespace {

class sqlite_store final : public shard_store {
public:
  sqlite_store(sqlite::database db, std::string path)
    : path_(std::move(path)), db_(std::move(db)) {}

  ~sqlite_store() override { static_cast<void>(close()); }

  caf::error prepare();
  caf::error limit_to(std::int64_t bytes);

  caf::expected<store_change> put(remember_request request,
                                  const std::stop_token& stop) override;
  caf::error for_each(std::size_t batch,
                      const std::function<void(stored_rows)>& f,
                      const std::stop_token& stop) override;
  caf::expected<std::unique_ptr<sqlite::online_copy>>
  begin_copy(const std::filesystem::path& to) override {
    if (closed_)
      return is_closed();
    return sqlite::online_copy::begin(db_, to);
  }
  std::int64_t size() const override { return size_; }
  bool durable() const override { return true; }
  caf::error close() override;

private:
  caf::error write(const remember_request& request, store_change& change,
                   const std::stop_token& stop);
  caf::error write_one(const shard& x, store_change& change);
  caf::error remove(const std::string& id);
  caf::error insert(const shard& x, const std::string& rest);
  caf::error forget_others(const std::string& source,
                           const std::unordered_set<std::string_view>& kept,
                           store_change& change);
  caf::expected<std::int64_t> find_source(const std::string& source);
  caf::expected<std::int64_t> number_of(const std::string& source);
  caf::error finish(sqlite::statement& x);
  caf::error is_closed() const {
    return failure(errc::closed, "the memory in " + path_ + " is closed");
  }

  std::string path_;
  // Statements must be destroyed before the connection they belong to.
  sqlite::database db_;
  sqlite::statement find_;
  sqlite::statement insert_;
  sqlite::statement remove_;
  sqlite::statement ids_;
  sqlite::statement find_source_;
  sqlite::statement add_source_;
  std::int64_t size_ = 0;
  bool closed_ = false;
  /// The numbers that `number_of` found in this transaction.
  std::unordered_map<std::string, std::int64_t> sources_;
};

// -- opening ------------------------------------------------------------------

caf::error sqlite_store::prepare() {
  if (auto err = detail::prepare_shard_file(db_, path_))
    return err;
  for (auto [to, sql] :
       {std::pair{&find_, "SELECT text, rest FROM shards WHERE id=?"},
        std::pair{&insert_, "INSERT INTO shards(id, source, text, rest, "
                            "checksum) VALUES(?, ?, ?, ?, ?)"},
        std::pair{&remove_, "DELETE FROM shards WHERE id=?"},
        std::pair{&ids_, "SELECT id FROM shards WHERE source=?"},
        std::pair{&find_source_, "SELECT number FROM sources WHERE path=?"},
        std::pair{&add_source_, "INSERT INTO sources(path) VALUES(?)"}}) {
    auto made = db_.prepare(sql);
    if (!made)
      return std::move(made.error());
    *to = std::move(*made);
  }
  auto count = db_.number("SELECT count(*) FROM shards");
  if (!count)
    return std::move(count.error());
  size_ = *count;
  return {};
}

caf::error sqlite_store::limit_to(std::int64_t bytes) {
  auto page = db_.number("PRAGMA page_size");
  if (!page)
    return std::move(page.error());
  return db_.run("PRAGMA max_page_count=" + std::to_string(bytes / *page));
}

// -- writing ------------------------------------------------------------------

caf::expected<store_change> sqlite_store::put(remember_request request,
                                              const std::stop_token& stop) {
  if (closed_)
    return is_closed();
  if (auto err = check(request))
    return err;
  detail::keep_last(request.shards);
  if (auto err = db_.run("BEGIN IMMEDIATE"))
    return err;
  store_change change;
  sources_.clear();
  auto err = write(request, change, stop);
  if (!err)
    err = db_.run("COMMIT");
  if (err) {
    db_.rollback();
    return err;
  }
  const auto& counts = change.counts;
  size_ += counts.added - counts.removed;
  change.counts.total = size_;
  return change;
}

caf::error sqlite_store::write(const remember_request& request,
                               store_change& change,
                               const std::stop_token& stop) {
  std::unordered_set<std::string_view> kept;
  for (const auto& x : request.shards) {
    if (stop.stop_requested())
      return failure(errc::shutting_down,
                     "the memory closed before this was remembered");
    kept.insert(x.id);
    if (auto err = write_one(x, change))
      return err;
  }
  for (const auto& source : request.sources)
    if (auto err = forget_others(source, kept, change))
      return err;
  change.counts.removed = static_cast<std::int64_t>(change.removed.size());
  return {};
}

caf::error sqlite_store::write_one(const shard& x, store_change& change) {
  auto rest = detail::encode_rest(x);
  find_.bind(1, x.id);
  auto code = find_.step();
  auto same =
    code == SQLITE_ROW && find_.text(0) == x.text && find_.text(1) == rest;
  find_.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE)
    return db_.last_error("read");
  if (same) {
    ++change.counts.unchanged;
    return {};
  }
  if (code == SQLITE_ROW) {
    if (auto err = remove(x.id))
      return err;
    ++change.counts.replaced;
  } else {
    ++change.counts.added;
  }
  if (auto err = insert(x, rest))
    return err;
  change.written.push_back(x);
  return {};
}

/// Runs a statement that returns no rows.
caf::error sqlite_store::finish(sqlite::statement& x) {
  auto code = x.step();
  x.reset();
  return code == SQLITE_DONE ? caf::error{} : db_.last_error("write to");
}

caf::error sqlite_store::remove(const std::string& id) {
  remove_.bind(1, id);
  return finish(remove_);
}

caf::error sqlite_store::insert(const shard& x, const std::string& rest) {
  insert_.bind(1, x.id);
  if (auto source = x.metadata.text("source"); source.empty()) {
    insert_.bind_null(2);
  } else {
    auto number = number_of(source);
    if (!number)
      return std::move(number.error());
    insert_.bind(2, *number);
  }
  insert_.bind(3, x.text);
  insert_.bind(4, rest);
  insert_.bind(5, detail::checksum_of(x.id, x.text, rest));
  return finish(insert_);
}

/// Removes the shards of `source` that are not in `kept`.
caf::error
sqlite_store::forget_others(const std::string& source,
                            const std::unordered_set<std::string_view>& kept,
                            store_change& change) {
  auto number = find_source(source);
  if (!number)
    return std::move(number.error());
  if (*number == 0)
    return {};
  std::vector<std::string> gone;
  int code = 0;
  ids_.bind(1, *number);
  while ((code = ids_.step()) == SQLITE_ROW)
    if (!kept.contains(ids_.text(0)))
      gone.emplace_back(ids_.text(0));
  ids_.reset();
  if (code != SQLITE_DONE)
    return db_.last_error("read");
  for (auto& id : gone) {
    if (auto err = remove(id))
      return err;
    change.removed.push_back(std::move(id));
  }
  return {};
}

/// The number of a known source, from 1; 0 for an unknown one.
caf::expected<std::int64_t>
sqlite_store::find_source(const std::string& source) {
  find_source_.bind(1, source);
  auto code = find_source_.step();
  auto number = code == SQLITE_ROW ? find_source_.integer(0) : 0;
  find_source_.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE)
    return db_.last_error("read");
  return number;
}

/// The number of a source, a new one if it has none yet.
caf::expected<std::int64_t> sqlite_store::number_of(const std::string& source) {
  if (auto i = sources_.find(source); i != sources_.end())
    return i->second;
  auto number = find_source(source);
  if (!number)
    return number;
  if (*number == 0) {
    add_source_.bind(1, source);
    if (auto err = finish(add_source_))
      return err;
    number = sqlite3_last_insert_rowid(db_.get());
  }
  sources_.emplace(source, *number);
  return number;
}

// -- reading ------------------------------------------------------------------

caf::error sqlite_store::for_each(std::size_t batch,
                                  const std::function<void(stored_rows)>& f,
                                  const std::stop_token& stop) {
  if (closed_)
    return is_closed();
  auto all = db_.prepare("SELECT id, text, rest, checksum FROM shards "
                         "ORDER BY number");
  if (!all)
    return std::move(all.error());
  stored_rows some{{}, path_};
  int code = 0;
  while ((code = all->step()) == SQLITE_ROW) {
    some.rows.push_back({std::string{all->text(0)}, std::string{all->text(1)},
                         std::string{all->text(2)}, all->integer(3)});
    if (some.rows.size() < batch)
      continue;
    if (stop.stop_requested())
      return failure(errc::cancelled,
                     "reading " + path_ + " was cut short: told to stop");
    f(std::exchange(some, {{}, path_}));
  }
  if (code != SQLITE_DONE)
    return db_.last_error("read");
  if (!some.rows.empty())
    f(std::move(some));
  return {};
}

caf::error sqlite_store::close() {
  if (std::exchange(closed_, true))
    return {};
  auto err = db_.run("PRAGMA wal_checkpoint(TRUNCATE)");
  for (auto* x :
       {&find_, &insert_, &remove_, &ids_, &find_source_, &add_source_})
    *x = {};
  db_ = {};
  return err;
}

} // namespace

caf::expected<std::unique_ptr<shard_store>>
open_shard_store(const std::string& path, std::int64_t max_bytes) {
  auto db = sqlite::database::open(path, "");
  if (!db)
    return std::move(db.error());
  auto store = std::make_unique<sqlite_store>(std::move(*db), path);
  if (auto err = store->prepare())
    return err;
  if (max_bytes > 0)
    if (auto err = store->limit_to(max_bytes))
      return err;
  return std::unique_ptr<shard_store>{std::move(store)};
}

caf::expected<std::int64_t> check_shard_file(const std::string& path,
                                             const std::stop_token& stop) {
  constexpr std::size_t batch = 1024;
  auto store = open_shard_store(path);
  if (!store)
    return std::move(store.error());
  std::int64_t found = 0;
  caf::error damage;
  auto look = [&](stored_rows rows) {
    auto decoded = std::move(rows).decode();
    if (decoded)
      found += std::ssize(*decoded);
    else if (!damage)
      damage = std::move(decoded.error());
  };
  if (auto err = (*store)->for_each(batch, look, stop))
    return err;
  if (damage)
    return damage;
  if (auto err = (*store)->close())
    return err;
  return found;
}

} // namespace hololoom
