#include <hololoom/actors/memory/store/shard_store.hpp>
#include <hololoom/actors/storage/sqlite.hpp>
#include <hololoom/messages/json/read.hpp>

#include <sqlite3.h>
#include <zlib.h>

#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace hololoom {

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

/// All of a shard but its id and text.
std::string rest_of(const shard& x) {
  std::string result;
  for_each_field(x, [&](std::string_view name, const auto& member) {
    if (name == "id" || name == "text")
      return;
    result += result.empty() ? "{\"" : ",\"";
    result += name;
    result += "\":";
    append_json(result, member);
  });
  return result + '}';
}

/// Fills in what `rest_of` wrote.
bool read_rest(std::string_view rest, shard& x) {
  auto value = json::parse(rest, nullptr, false);
  if (!value.is_object())
    return false;
  auto read = [&](const char* key, auto& to) {
    auto i = value.find(key);
    return i == value.end() || !from_json_value(*i, to, key);
  };
  return read("episode", x.episode) && read("entities", x.entities)
      && read("motifs", x.motifs) && read("metadata", x.metadata);
}

std::int64_t checksum_of(std::string_view id, std::string_view text,
                         std::string_view rest) {
  auto sum = crc32(0, nullptr, 0);
  for (auto part : {id, text, rest})
    sum = crc32(sum, reinterpret_cast<const Bytef*>(part.data()),
                static_cast<uInt>(part.size()));
  return static_cast<std::int64_t>(sum);
}

class sqlite_store final : public shard_store {
public:
  sqlite_store(sqlite::database db, std::string path)
    : path_(std::move(path)), db_(std::move(db)) {}

  ~sqlite_store() override { static_cast<void>(close()); }

  caf::error prepare();
  caf::error limit_to(std::int64_t bytes);

  caf::expected<store_change> put(remember_request request) override;
  caf::error for_each(std::size_t batch,
                      const std::function<void(stored_rows)>& f) override;
  std::int64_t size() const override { return size_; }
  bool durable() const override { return true; }
  caf::error close() override;

private:
  using id_set = std::unordered_set<std::string_view>;

  caf::error migrate();
  caf::error refuse_foreign_file();
  caf::error write(remember_request& request, store_change& change);
  caf::error write_one(shard& x, store_change& change);
  caf::error forget_others(const std::string& source, const id_set& kept,
                           store_change& change);
  caf::expected<std::int64_t> number_of(const std::string& source);

  std::string path_;
  // Statements must be gone before the connection they belong to.
  sqlite::database db_;
  sqlite::statement find_;
  sqlite::statement insert_;
  sqlite::statement remove_;
  sqlite::statement ids_;
  sqlite::statement find_source_;
  sqlite::statement add_source_;
  std::int64_t size_ = 0;
  bool closed_ = false;
  /// What `number_of` found in this transaction.
  std::unordered_map<std::string, std::int64_t> sources_;
};

// -- opening ------------------------------------------------------------------

caf::error sqlite_store::prepare() {
  if (auto err = refuse_foreign_file())
    return err;
  // Exclusive: nobody else may write or checkpoint this file, so there is no
  // race about resetting the log, and no shared memory beside it.
  if (auto err = db_.run("PRAGMA locking_mode=EXCLUSIVE;"
                         "PRAGMA journal_mode=WAL;"
                         "PRAGMA synchronous=FULL;"
                         "PRAGMA wal_autocheckpoint=10000"))
    return err;
  auto mode = db_.text("PRAGMA journal_mode");
  if (!mode)
    return std::move(mode.error());
  if (*mode != "wal")
    return failure(errc::io_error,
                   "could not open " + path_
                     + ": its disk does not let "
                       "SQLite keep a write-ahead log (journal mode "
                     + *mode + "); use a local disk");
  if (auto err = migrate())
    return err;
  auto bind = [this](sqlite::statement& to, const char* sql) -> caf::error {
    auto made = db_.prepare(sql);
    if (!made)
      return std::move(made.error());
    to = std::move(*made);
    return {};
  };
  for (auto [to, sql] :
       {std::pair{&find_, "SELECT text, rest FROM shards WHERE id=?"},
        std::pair{&insert_, "INSERT INTO shards(id, source, text, rest, "
                            "checksum) VALUES(?, ?, ?, ?, ?)"},
        std::pair{&remove_, "DELETE FROM shards WHERE id=?"},
        std::pair{&ids_, "SELECT id FROM shards WHERE source=?"},
        std::pair{&find_source_, "SELECT number FROM sources WHERE path=?"},
        std::pair{&add_source_, "INSERT INTO sources(path) VALUES(?)"}})
    if (auto err = bind(*to, sql))
      return err;
  auto count = db_.number("SELECT count(*) FROM shards");
  if (!count)
    return std::move(count.error());
  size_ = *count;
  return {};
}

caf::error sqlite_store::refuse_foreign_file() {
  auto version = db_.number("PRAGMA user_version");
  if (!version)
    return std::move(version.error());
  if (*version > schema_version)
    return failure(errc::newer_schema,
                   "could not open " + path_
                     + ": it was written by a newer "
                       "version (schema "
                     + std::to_string(*version) + ", this program knows "
                     + std::to_string(schema_version)
                     + "); use that version, or another data directory");
  auto tables = db_.number("SELECT count(*) FROM sqlite_master");
  auto id = db_.number("PRAGMA application_id");
  if (!tables || !id)
    return std::move(!tables ? tables.error() : id.error());
  if (*tables > 0 && *id != application_id)
    return failure(errc::corrupt, "could not open " + path_
                                    + ": it is a database of another program; "
                                      "nothing was changed");
  return {};
}

caf::error sqlite_store::migrate() {
  auto version = db_.number("PRAGMA user_version");
  if (!version)
    return std::move(version.error());
  if (*version == schema_version)
    return {};
  auto script = std::string{"BEGIN IMMEDIATE;"} + schema
              + "PRAGMA application_id=" + std::to_string(application_id)
              + ";PRAGMA user_version=" + std::to_string(schema_version)
              + ";COMMIT";
  auto err = db_.run(script.c_str());
  if (err)
    db_.rollback();
  return err;
}

caf::error sqlite_store::limit_to(std::int64_t bytes) {
  auto page = db_.number("PRAGMA page_size");
  if (!page)
    return std::move(page.error());
  return db_.run(
    ("PRAGMA max_page_count=" + std::to_string(bytes / *page)).c_str());
}

// -- writing ------------------------------------------------------------------

caf::expected<store_change> sqlite_store::put(remember_request request) {
  if (closed_)
    return failure(errc::closed, "the memory in " + path_ + " is closed");
  if (auto err = check(request))
    return err;
  if (auto err = db_.run("BEGIN IMMEDIATE"))
    return err;
  store_change change;
  sources_.clear();
  auto err = write(request, change);
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

caf::error sqlite_store::write(remember_request& request,
                               store_change& change) {
  std::unordered_map<std::string, std::size_t> last;
  for (std::size_t i = 0; i < request.shards.size(); ++i)
    last[request.shards[i].id] = i;
  id_set kept;
  for (const auto& [id, i] : last)
    kept.insert(id);
  for (std::size_t i = 0; i < request.shards.size(); ++i)
    if (last[request.shards[i].id] == i)
      if (auto err = write_one(request.shards[i], change))
        return err;
  for (const auto& source : request.sources)
    if (auto err = forget_others(source, kept, change))
      return err;
  change.counts.removed = static_cast<std::int64_t>(change.removed.size());
  return {};
}

caf::error sqlite_store::write_one(shard& x, store_change& change) {
  auto rest = rest_of(x);
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
    remove_.bind(1, x.id);
    code = remove_.step();
    remove_.reset();
    if (code != SQLITE_DONE)
      return db_.last_error("write to");
    ++change.counts.replaced;
  } else {
    ++change.counts.added;
  }
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
  insert_.bind(5, checksum_of(x.id, x.text, rest));
  code = insert_.step();
  insert_.reset();
  if (code != SQLITE_DONE)
    return db_.last_error("write to");
  change.written.push_back(x);
  return {};
}

caf::error sqlite_store::forget_others(const std::string& source,
                                       const id_set& kept,
                                       store_change& change) {
  find_source_.bind(1, source);
  auto code = find_source_.step();
  auto number = code == SQLITE_ROW ? find_source_.integer(0) : 0;
  find_source_.reset();
  if (code == SQLITE_DONE)
    return {};
  if (code != SQLITE_ROW)
    return db_.last_error("read");
  std::vector<std::string> gone;
  ids_.bind(1, number);
  while ((code = ids_.step()) == SQLITE_ROW)
    if (!kept.contains(ids_.text(0)))
      gone.emplace_back(ids_.text(0));
  ids_.reset();
  if (code != SQLITE_DONE)
    return db_.last_error("read");
  for (auto& id : gone) {
    remove_.bind(1, id);
    code = remove_.step();
    remove_.reset();
    if (code != SQLITE_DONE)
      return db_.last_error("write to");
    change.removed.push_back(std::move(id));
  }
  return {};
}

caf::expected<std::int64_t> sqlite_store::number_of(const std::string& source) {
  if (auto i = sources_.find(source); i != sources_.end())
    return i->second;
  find_source_.bind(1, source);
  auto code = find_source_.step();
  auto number = code == SQLITE_ROW ? find_source_.integer(0) : 0;
  find_source_.reset();
  if (code == SQLITE_DONE) {
    add_source_.bind(1, source);
    code = add_source_.step();
    add_source_.reset();
    if (code != SQLITE_DONE)
      return db_.last_error("write to");
    number = sqlite3_last_insert_rowid(db_.get());
  } else if (code != SQLITE_ROW) {
    return db_.last_error("read");
  }
  sources_.emplace(source, number);
  return number;
}

// -- reading ------------------------------------------------------------------

caf::error sqlite_store::for_each(std::size_t batch,
                                  const std::function<void(stored_rows)>& f) {
  if (closed_)
    return failure(errc::closed, "the memory in " + path_ + " is closed");
  auto all = db_.prepare("SELECT id, text, rest, checksum FROM shards "
                         "ORDER BY number");
  if (!all)
    return std::move(all.error());
  stored_rows some{{}, path_};
  int code = 0;
  while ((code = all->step()) == SQLITE_ROW) {
    some.rows.push_back({std::string{all->text(0)}, std::string{all->text(1)},
                         std::string{all->text(2)}, all->integer(3)});
    if (some.rows.size() >= batch)
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

caf::expected<std::vector<shard>> stored_rows::decode() && {
  auto broken = [this](const std::string& what) {
    return failure(errc::corrupt,
                   "could not read " + path + ": " + what
                     + "; nothing was overwritten. Move the file away and "
                       "remember the sources again, or restore a copy");
  };
  std::vector<shard> result;
  result.reserve(rows.size());
  for (auto& x : rows) {
    if (checksum_of(x.id, x.text, x.rest) != x.checksum)
      return broken("the checksum of shard " + x.id + " does not match");
    auto& made = result.emplace_back();
    made.id = std::move(x.id);
    made.text = std::move(x.text);
    if (!read_rest(x.rest, made))
      return broken("shard " + made.id + " cannot be read");
  }
  return result;
}

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

} // namespace hololoom
