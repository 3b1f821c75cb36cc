#include <hololoom/actors/reflection/repair/found_rows.hpp>

#include <sqlite3.h>

#include <string>
#include <utility>

namespace hololoom {

namespace {

caf::error unreadable() {
  return failure(errc::io_error, "the disk returns other rows than the repair "
                                 "wrote to its scratch file");
}

} // namespace

caf::expected<found_rows>
found_rows::create(const std::filesystem::path& scratch) {
  std::error_code ignored;
  std::filesystem::remove(scratch, ignored);
  auto db = sqlite::database::open(scratch.string(), {});
  if (!db)
    return std::move(db.error());
  found_rows result;
  result.db_ = std::move(*db);
  auto err = result.prepare();
  std::filesystem::remove(scratch, ignored);
  if (err)
    return err;
  return result;
}

caf::error found_rows::prepare() {
  // Nothing of it needs to survive, and the transaction never ends.
  if (auto err =
        db_.run("PRAGMA journal_mode=OFF;PRAGMA synchronous=OFF;"
                "PRAGMA locking_mode=EXCLUSIVE;"
                "PRAGMA cache_size=-16384;"
                + std::string{create_loose_tables} + ";BEGIN IMMEDIATE"))
    return err;
  caf::error err;
  auto set = [&](sqlite::statement& to, const std::string& sql) {
    auto made = err ? caf::expected<sqlite::statement>{err} : db_.prepare(sql);
    if (made)
      to = std::move(*made);
    else
      err = std::move(made.error());
  };
  set(put_episode_, replace_episode);
  set(put_spacetime_, std::string{"INSERT OR REPLACE"} + into_spacetimes);
  set(put_missing_, std::string{"INSERT OR IGNORE"} + into_spacetimes);
  set(find_id_, "SELECT 1 FROM episodes WHERE id=?");
  return err;
}

void found_rows::run(sqlite::statement& x) {
  if (auto err = db_.run(x))
    failed_ = std::move(err);
}

void found_rows::put(const episode_row& x) {
  if (failed_)
    return;
  bind_episode(put_episode_, x.sequence, x);
  run(put_episode_);
}

void found_rows::put(const spacetime_row& x) {
  if (failed_)
    return;
  bind_spacetime(put_spacetime_, x.number, x.id, x.body);
  run(put_spacetime_);
}

void found_rows::put_missing(const spacetime_row& x) {
  if (failed_)
    return;
  bind_spacetime(put_missing_, x.number, x.id, x.body);
  run(put_missing_);
}

bool found_rows::has_id(const std::string& id) {
  if (!std::exchange(has_index_, true))
    if (auto err = db_.run("CREATE INDEX episode_ids ON episodes(id)"))
      failed_ = std::move(err);
  if (failed_)
    return false;
  find_id_.bind(1, std::string_view{id});
  auto code = find_id_.step();
  if (code != SQLITE_ROW && code != SQLITE_DONE)
    failed_ = db_.last_error("read");
  find_id_.reset();
  return code == SQLITE_ROW;
}

void found_rows::drop_episodes_up_to(std::int64_t sequence) {
  if (failed_)
    return;
  failed_ =
    db_.run("DELETE FROM episodes WHERE sequence<=" + std::to_string(sequence));
}

std::int64_t found_rows::number(const std::string& sql) {
  auto result = db_.number(sql);
  if (!result && !failed_)
    failed_ = std::move(result.error());
  return result ? *result : 0;
}

std::int64_t found_rows::count_texts() {
  return number("SELECT count(*) FROM episodes WHERE body IS NOT NULL");
}

std::int64_t found_rows::count_spacetimes() {
  return number("SELECT count(*) FROM spacetimes");
}

caf::error found_rows::for_each_episode(
  const std::function<caf::error(const episode_row&)>& f) {
  episode_row x;
  return db_.for_each_row(select_episodes("ORDER BY sequence"),
                          [&](const sqlite::row& row) {
                            return decode(row, x) ? f(x) : unreadable();
                          });
}

caf::error found_rows::for_each_spacetime(
  const std::function<caf::error(const spacetime_row&)>& f) {
  spacetime_row x;
  return db_.for_each_row(std::string{select_spacetimes} + " ORDER BY number",
                          [&](const sqlite::row& row) {
                            return decode(row, x) ? f(x) : unreadable();
                          });
}

} // namespace hololoom
