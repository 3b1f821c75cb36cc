#pragma once

#include <hololoom/messages/errc.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

/// SQLite with errors of ours. Nothing here is safe to share between threads.

namespace hololoom::sqlite {

/// A result code of SQLite's as an error: what was tried, on what, why it
/// failed and what to do.
/// @param code an extended result code.
/// @param system_error `errno` of the failed call, 0 if unknown.
caf::error describe(int code, int system_error, std::string_view tried,
                    std::string_view file);

/// A prepared statement. Parameters and columns are counted as SQLite does:
/// parameters from 1, columns from 0.
class statement {
public:
  statement() = default;

  void bind(int index, std::int64_t x);
  void bind(int index, double x);
  /// The text must outlive the next `reset`.
  void bind(int index, std::string_view x);
  void bind_null(int index);

  /// @returns SQLITE_ROW, SQLITE_DONE or an error.
  int step();
  void reset();

  std::int64_t integer(int column) const;
  double real(int column) const;
  /// Valid until the next `step` or `reset`.
  std::string_view text(int column) const;
  bool is_null(int column) const;

private:
  friend class database;
  struct finalizer {
    void operator()(sqlite3_stmt* x) const;
  };
  std::unique_ptr<sqlite3_stmt, finalizer> stmt_;
};

/// A connection.
class database {
public:
  database() = default;

  /// Opens `file` through the named VFS; `read_only` does not create it.
  static caf::expected<database>
  open(const std::string& file, const std::string& vfs, bool read_only = false);

  /// Runs statements that answer nothing.
  caf::error run(const char* sql);

  caf::expected<statement> prepare(const char* sql);

  /// The one number that `sql` answers.
  caf::expected<std::int64_t> number(const char* sql);

  /// The one text that `sql` answers.
  caf::expected<std::string> text(const char* sql);

  /// The error that the last call left.
  caf::error last_error(std::string_view tried) const;

  /// Rows that the last statement changed.
  int changes() const;

  /// Takes back an open transaction, if there is one.
  void rollback();

  sqlite3* get() const { return db_.get(); }

private:
  struct closer {
    void operator()(sqlite3* x) const;
  };
  std::unique_ptr<sqlite3, closer> db_;
  std::string file_;
};

} // namespace hololoom::sqlite
