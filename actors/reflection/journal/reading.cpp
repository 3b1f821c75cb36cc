#include <hololoom/actors/reflection/journal/journal.hpp>

#include <sqlite3.h>

#include <algorithm>

namespace hololoom {

/// Appends the rows to `to`, up to the limit of bytes, or to one that is
/// damaged.
caf::error journal::collect(sqlite::statement& rows,
                            std::vector<episode_row>& to) {
  caf::error err;
  std::size_t bytes = 0;
  auto code = SQLITE_ROW;
  while (!err && bytes <= most_body_bytes
         && (code = rows.step()) == SQLITE_ROW) {
    episode_row x;
    if (!decode(rows, x)) {
      err = damaged("episode " + std::to_string(x.sequence));
      break;
    }
    bytes += x.body.size();
    to.push_back(std::move(x));
  }
  if (!err && code != SQLITE_DONE && code != SQLITE_ROW)
    err = db_.last_error("read");
  rows.reset();
  return err;
}

caf::expected<std::vector<episode_row>> journal::read(std::int64_t after,
                                                      std::int64_t limit) {
  read_episodes_.bind(1, after);
  read_episodes_.bind(2, limit);
  std::vector<episode_row> result;
  if (auto err = collect(read_episodes_, result))
    return err;
  return result;
}

caf::expected<std::vector<episode_row>> journal::newest(std::int64_t limit) {
  auto rows = db_.prepare(select_episodes("WHERE body IS NOT NULL"
                                          " ORDER BY sequence DESC LIMIT ?"));
  if (!rows)
    return std::move(rows.error());
  rows->bind(1, limit);
  std::vector<episode_row> result;
  if (auto err = collect(*rows, result))
    found_damage(err);
  std::reverse(result.begin(), result.end());
  return result;
}

caf::expected<std::optional<episode_row>> journal::find(const std::string& id) {
  find_episode_.reset();
  find_episode_.bind(1, std::string_view{id});
  auto code = find_episode_.step();
  std::optional<episode_row> result;
  auto intact = code != SQLITE_ROW || decode(find_episode_, result.emplace());
  auto err = code == SQLITE_ROW || code == SQLITE_DONE ? caf::error{}
                                                       : db_.last_error("read");
  find_episode_.reset();
  if (err)
    return err;
  if (!intact)
    return damaged("episode " + id);
  return result;
}

caf::expected<std::optional<std::string>>
journal::spacetime(std::string_view id) {
  find_spacetime_.reset();
  find_spacetime_.bind(1, id);
  auto code = find_spacetime_.step();
  std::optional<std::string> result;
  if (code == SQLITE_ROW)
    result = std::string{find_spacetime_.text(0)};
  auto err = code == SQLITE_ROW || code == SQLITE_DONE ? caf::error{}
                                                       : db_.last_error("read");
  find_spacetime_.reset();
  if (err)
    return err;
  return result;
}

caf::expected<std::int64_t> journal::count_episodes() {
  return db_.number("SELECT count(*) FROM episodes WHERE body IS NOT NULL");
}

caf::expected<std::int64_t> journal::count_spacetimes() {
  return db_.number("SELECT count(*) FROM spacetimes");
}

caf::expected<bool> journal::copy_some(const std::filesystem::path& to,
                                       int pages) {
  if (!durable())
    return failure(errc::not_supported, "this journal has no file to copy");
  if (copy_ && copy_->file() != to)
    return failure(errc::already_started,
                   "a copy of the journal is being made; await its end");
  if (!copy_) {
    auto begun = sqlite::online_copy::begin(db_, to);
    if (!begun)
      return std::move(begun.error());
    copy_ = std::move(*begun);
  }
  auto err = copy_->step(pages);
  auto complete = copy_->complete();
  if (err || complete)
    copy_.reset();
  if (err)
    return err;
  return complete;
}

} // namespace hololoom
