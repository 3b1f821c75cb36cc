#include <hololoom/actors/storage/online_copy.hpp>

#include <sqlite3.h>

#include <system_error>
#include <utility>

namespace hololoom::sqlite {

void online_copy::finisher::operator()(sqlite3_backup* x) const {
  sqlite3_backup_finish(x);
}

online_copy::online_copy(database to, std::filesystem::path file)
  : copy_(std::move(to)), to_(std::move(file)) {}

online_copy::~online_copy() {
  backup_.reset();
  copy_ = {};
  if (complete_)
    return;
  std::error_code ignored;
  std::filesystem::remove(to_, ignored);
}

caf::expected<std::unique_ptr<online_copy>>
online_copy::begin(database& from, std::filesystem::path to) {
  std::error_code ignored;
  std::filesystem::remove(to, ignored);
  auto opened = database::open(to.string(), "");
  if (!opened)
    return std::move(opened.error());
  // A copy that is cut short is thrown away: nothing has to be rolled back.
  if (auto err = opened->run("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF"))
    return err;
  std::unique_ptr<online_copy> result{
    new online_copy(std::move(*opened), std::move(to))};
  auto* backup =
    sqlite3_backup_init(result->copy_.get(), "main", from.get(), "main");
  if (!backup)
    return result->copy_.last_error("begin the copy");
  result->backup_.reset(backup);
  return result;
}

caf::error online_copy::step(int pages) {
  switch (sqlite3_backup_step(backup_.get(), pages)) {
    case SQLITE_OK:
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {};
    case SQLITE_DONE: return conclude();
    default: break;
  }
  // The connection of the copy has the error, wherever it came from, once the
  // backup has finished.
  backup_.reset();
  return copy_.last_error("copy to");
}

caf::error online_copy::conclude() {
  backup_.reset();
  // One file, without a log beside it.
  if (auto err = copy_.run("PRAGMA journal_mode=DELETE"))
    return err;
  copy_ = {};
  complete_ = true;
  return {};
}

std::int64_t online_copy::copied() const {
  return backup_ ? total() - sqlite3_backup_remaining(backup_.get()) : 0;
}

std::int64_t online_copy::total() const {
  return backup_ ? sqlite3_backup_pagecount(backup_.get()) : 0;
}

} // namespace hololoom::sqlite
