#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/actors/storage/sqlite.hpp>

#include <sqlite3.h>

#include <cstring>
#include <utility>

namespace hololoom::sqlite {

namespace {

errc code_for(int code, int system_error) {
  switch (code & 0xff) {
    case SQLITE_FULL: return errc::disk_full;
    case SQLITE_READONLY:
    case SQLITE_PERM: return errc::read_only;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return errc::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return errc::data_dir_locked;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return errc_for(system_error, errc::io_error);
    case SQLITE_NOMEM: return errc::io_error;
    case SQLITE_INTERRUPT: return errc::cancelled;
    default: return errc::internal;
  }
}

const char* remedy(errc code) {
  switch (code) {
    case errc::disk_full:
      return "make space on its disk; it goes on by itself then";
    case errc::read_only: return "make the directory and its files writable";
    case errc::corrupt:
      return "run `hololoom repair` on the data directory; nothing was "
             "overwritten";
    case errc::data_dir_locked: return "end the other process that uses it";
    case errc::io_error: return "look at the disk and at the system log";
    case errc::cancelled: return "it was told to stop";
    default: return "this is a defect; please report it";
  }
}

/// @param code an extended result code.
/// @param system_error the `errno` of the failed call, 0 if unknown.
caf::error describe(int code, int system_error, std::string_view tried,
                    std::string_view file) {
  auto result = code_for(code, system_error);
  auto text =
    std::string{"could not "}.append(tried).append(" ").append(file) + ": ";
  if (result == errc::disk_full)
    text += "no space is left on the disk";
  else
    text += sqlite3_errstr(code);
  if (system_error != 0 && result != errc::disk_full)
    text += std::string{" ("} + std::strerror(system_error) + ")";
  return failure(result, text + "; " + remedy(result));
}

} // namespace

// -- rows and statements ------------------------------------------------------

void row::finalizer::operator()(sqlite3_stmt* x) const {
  sqlite3_finalize(x);
}

std::int64_t row::integer(int column) const {
  return sqlite3_column_int64(stmt_.get(), column);
}

double row::real(int column) const {
  return sqlite3_column_double(stmt_.get(), column);
}

std::string_view row::text(int column) const {
  auto data = sqlite3_column_text(stmt_.get(), column);
  auto size = sqlite3_column_bytes(stmt_.get(), column);
  if (!data)
    return {};
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
}

bool row::is_null(int column) const {
  return sqlite3_column_type(stmt_.get(), column) == SQLITE_NULL;
}

void statement::bind(int index, std::int64_t x) {
  sqlite3_bind_int64(stmt_.get(), index, x);
}

void statement::bind(int index, double x) {
  sqlite3_bind_double(stmt_.get(), index, x);
}

void statement::bind(int index, std::string_view x) {
  // A null pointer would bind NULL instead of an empty text.
  sqlite3_bind_text64(stmt_.get(), index, x.data() ? x.data() : "", x.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
}

void statement::bind_null(int index) {
  sqlite3_bind_null(stmt_.get(), index);
}

int statement::step() {
  return sqlite3_step(stmt_.get());
}

void statement::reset() {
  sqlite3_reset(stmt_.get());
}

// -- database -----------------------------------------------------------------

void database::closer::operator()(sqlite3* x) const {
  sqlite3_close_v2(x);
}

caf::expected<database> database::open(const std::string& file,
                                       const std::string& vfs) {
  sqlite3* raw = nullptr;
  auto code = sqlite3_open_v2(file.c_str(), &raw,
                              SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                | SQLITE_OPEN_NOMUTEX,
                              vfs.empty() ? nullptr : vfs.c_str());
  database result;
  result.db_.reset(raw);
  result.file_ = file;
  if (code != SQLITE_OK)
    return describe(raw ? sqlite3_extended_errcode(raw) : code,
                    raw ? sqlite3_system_errno(raw) : 0, "open", file);
  sqlite3_extended_result_codes(raw, 1);
  return result;
}

caf::error database::run(const std::string& sql) {
  if (sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr)
      == SQLITE_OK)
    return {};
  return last_error("write to");
}

caf::error database::run(statement& x) {
  auto err = x.step() == SQLITE_DONE ? caf::error{} : last_error("write to");
  x.reset();
  return err;
}

caf::error
database::for_each_row(const std::string& sql,
                       const std::function<caf::error(const row&)>& f) {
  auto rows = prepare(sql);
  if (!rows)
    return std::move(rows.error());
  int code;
  while ((code = rows->step()) == SQLITE_ROW)
    if (auto err = f(*rows))
      return err;
  return code == SQLITE_DONE ? caf::error{} : last_error("read");
}

caf::expected<statement> database::prepare(const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(db_.get(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT,
                         &raw, nullptr)
      != SQLITE_OK)
    return last_error("read");
  statement result;
  result.stmt_.reset(raw);
  return result;
}

caf::expected<std::int64_t> database::number(const std::string& sql) {
  auto query = prepare(sql);
  if (!query)
    return std::move(query.error());
  if (query->step() != SQLITE_ROW)
    return last_error("read");
  return query->integer(0);
}

caf::expected<std::string> database::text(const std::string& sql) {
  auto query = prepare(sql);
  if (!query)
    return std::move(query.error());
  if (query->step() != SQLITE_ROW)
    return last_error("read");
  return std::string{query->text(0)};
}

caf::error database::last_error(std::string_view tried) const {
  return describe(sqlite3_extended_errcode(db_.get()),
                  sqlite3_system_errno(db_.get()), tried, file_);
}

int database::changes() const {
  return sqlite3_changes(db_.get());
}

void database::stop_with(std::stop_token stop) {
  // About a millisecond's work.
  constexpr int steps = 10'000;
  if (!stop.stop_possible()) {
    sqlite3_progress_handler(db_.get(), 0, nullptr, nullptr);
    stop_ = nullptr;
    return;
  }
  stop_ = std::make_unique<std::stop_token>(std::move(stop));
  sqlite3_progress_handler(
    db_.get(), steps,
    [](void* x) {
      return static_cast<std::stop_token*>(x)->stop_requested() ? 1 : 0;
    },
    stop_.get());
}

void database::rollback() {
  if (sqlite3_get_autocommit(db_.get()) == 0)
    sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

} // namespace hololoom::sqlite
