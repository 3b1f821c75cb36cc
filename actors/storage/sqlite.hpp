#pragma once

#include <hololoom/messages/errc.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

/// SQLite with HoloLoom's errors. None of these objects may be shared between
/// threads.

namespace hololoom::sqlite {

/// The columns of a row, counted from 0.
class row {
public:
  std::int64_t integer(int column) const;
  double real(int column) const;
  /// Valid as long as the row.
  std::string_view text(int column) const;
  bool is_null(int column) const;

protected:
  struct finalizer {
    void operator()(sqlite3_stmt* x) const;
  };
  std::unique_ptr<sqlite3_stmt, finalizer> stmt_;
};

/// A prepared statement, and the row that it has stepped to, which is valid
/// until the next `step` or `reset`. Parameters are counted from 1.
class statement : public row {
public:
  void bind(int index, std::int64_t x);
  void bind(int index, double x);
  /// The text must outlive the next `reset`.
  void bind(int index, std::string_view x);
  void bind_null(int index);

  /// @returns SQLITE_ROW, SQLITE_DONE or an error.
  int step();
  void reset();

private:
  friend class database;
};

/// A connection.
class database {
public:
  database() = default;

  /// Opens or creates `file` through the named VFS; empty: the system's.
  static caf::expected<database> open(const std::string& file,
                                      const std::string& vfs);

  /// Runs statements that return no rows.
  caf::error run(const std::string& sql);

  /// Runs a prepared statement that returns no rows, and resets it.
  caf::error run(statement& x);

  /// Calls `f` for each row that `sql` returns, until `f` returns an error.
  caf::error for_each_row(const std::string& sql,
                          const std::function<caf::error(const row&)>& f);

  caf::expected<statement> prepare(const std::string& sql);

  /// The single number that `sql` returns.
  caf::expected<std::int64_t> number(const std::string& sql);

  /// The single text that `sql` returns.
  caf::expected<std::string> text(const std::string& sql);

  /// The error of the last call: what was attempted, why it failed, and what to
  /// do about it.
  caf::error last_error(std::string_view tried) const;

  /// The number of rows that the last statement changed.
  int changes() const;

  /// Rolls back the open transaction, if there is one.
  void rollback();

  /// Has the statements of this connection fail with `errc::cancelled` once a
  /// stop is requested, also while they run. A token that can never stop ends
  /// that.
  void stop_with(std::stop_token stop);

  sqlite3* get() const { return db_.get(); }

private:
  struct closer {
    void operator()(sqlite3* x) const;
  };
  std::unique_ptr<sqlite3, closer> db_;
  std::string file_;
  /// At an address that SQLite keeps.
  std::unique_ptr<std::stop_token> stop_;
};

} // namespace hololoom::sqlite
