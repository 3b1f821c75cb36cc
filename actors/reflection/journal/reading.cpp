#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/actors/reflection/journal/rows.hpp>
#include <hololoom/actors/reflection/recent_episodes.hpp>

#include <sqlite3.h>

#include <algorithm>

namespace hololoom {

namespace {

caf::error damaged(std::int64_t sequence, const std::filesystem::path& file) {
  return failure(errc::corrupt, "episode " + std::to_string(sequence)
                                  + " is damaged in " + file.string()
                                  + "; run `hololoom repair` on its directory");
}

/// The rows, or of long ones the first so many as are held at once.
caf::expected<std::vector<stored_episode>>
collect(sqlite::database& db, sqlite::statement& rows,
        const std::filesystem::path& file) {
  std::vector<stored_episode> result;
  caf::error err;
  std::size_t bytes = 0;
  int code = SQLITE_DONE;
  while (bytes <= recent_episodes::most_bytes
         && (code = rows.step()) == SQLITE_ROW) {
    stored_episode x;
    if (!read_row(rows, x)) {
      err = damaged(x.sequence, file);
      break;
    }
    bytes += x.record.body.size();
    result.push_back(std::move(x));
  }
  if (!err && code != SQLITE_DONE && code != SQLITE_ROW)
    err = db.last_error("read");
  rows.reset();
  if (err)
    return err;
  return result;
}

} // namespace

caf::expected<std::vector<stored_episode>> journal::read(std::int64_t after,
                                                         std::int64_t limit) {
  read_episodes_.reset();
  read_episodes_.bind(1, after);
  read_episodes_.bind(2, limit);
  return collect(db_, read_episodes_, options_.file);
}

caf::expected<std::vector<stored_episode>> journal::newest(std::int64_t limit) {
  auto rows = db_.prepare("SELECT " HOLOLOOM_EPISODE_COLUMNS
                          " FROM episodes WHERE body IS NOT NULL"
                          " ORDER BY sequence DESC LIMIT ?");
  if (!rows)
    return std::move(rows.error());
  rows->bind(1, limit);
  auto result = collect(db_, *rows, options_.file);
  if (result)
    std::reverse(result->begin(), result->end());
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

caf::expected<std::int64_t> journal::stored() {
  return db_.number("SELECT count(*) FROM episodes WHERE body IS NOT NULL");
}

caf::expected<std::int64_t> journal::recorded() {
  return db_.number("SELECT count(*) FROM spacetimes");
}

} // namespace hololoom
