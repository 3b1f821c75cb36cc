#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/actors/storage/sqlite_format/pages.hpp>
#include <hololoom/actors/storage/sqlite_format/wal_frames.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

namespace hololoom {

namespace {

namespace fs = std::filesystem;

std::int64_t offset_of(std::size_t page) {
  return static_cast<std::int64_t>((page - 1) * sqlite_page_size);
}

/// Page 2 of the scratch database, the root of its only table, shows one leaf
/// after another. Page 3 is the root of the table's index.
constexpr std::size_t shown = 2;

/// A database that SQLite opens, whatever pages are put into it. Once a write
/// has failed, it does nothing more.
class scratch_database {
public:
  explicit scratch_database(fs::path file) : file_(std::move(file)) {}

  caf::error create(int columns) {
    remove();
    auto err = open(columns);
    // What is open needs no name, and then nothing remains, however this ends.
    remove();
    return err;
  }

  /// The first failed write.
  const caf::error& failed() const { return failed_; }

  /// Puts a page where other pages refer to it.
  void place(std::size_t number, std::string_view page) {
    if (number > shown)
      write(offset_of(number), page);
  }

  /// Calls `f` for each readable row on a leaf.
  template <class F>
  void read_leaf(std::string_view page, F f) {
    write(offset_of(shown), page);
    invalidate_cache();
    constexpr std::int64_t most_rows = sqlite_page_size / 6;
    for (std::int64_t at = 0; at < most_rows && !failed_; ++at) {
      rows_.bind(1, at);
      auto code = SQLITE_ROW;
      for (; (code = rows_.step()) == SQLITE_ROW; ++at)
        f(rows_);
      rows_.reset();
      if (code == SQLITE_DONE)
        return;
      // Row `at` cannot be read: go on behind it.
    }
  }

  /// Calls `f` for the entries of the index.
  template <class F>
  void read_index(F f) {
    invalidate_cache();
    for (auto order : {"ORDER BY c1", "ORDER BY c1 DESC"})
      if (!db_.for_each_row(
            std::string{"SELECT c1,c0 FROM x INDEXED BY sqlite_autoindex_x_1 "}
              + order,
            [&](const sqlite::row& x) -> caf::error {
              f(x.text(0), x.integer(1));
              return {};
            }))
        return;
  }

private:
  caf::error open(int columns) {
    auto db = sqlite::database::open(file_.string(), {});
    if (!db)
      return std::move(db.error());
    db_ = std::move(*db);
    auto sql = "PRAGMA page_size=" + std::to_string(sqlite_page_size)
             + ";CREATE TABLE x(c0 INTEGER PRIMARY KEY,c1 UNIQUE";
    for (auto i = 2; i < columns; ++i)
      sql += ",c" + std::to_string(i);
    if (auto err = db_.run(sql + ")"))
      return err;
    auto rows = db_.prepare("SELECT * FROM x LIMIT -1 OFFSET ?");
    if (!rows)
      return std::move(rows.error());
    rows_ = std::move(*rows);
    io_.open(file_, std::ios::binary | std::ios::in | std::ios::out);
    return {};
  }

  /// SQLite reads the file anew once the counter in its header has changed.
  void invalidate_cache() {
    std::array<char, sizeof(changes_)> bytes{};
    ++changes_;
    std::memcpy(bytes.data(), &changes_, bytes.size());
    write(24, {bytes.data(), bytes.size()});
  }

  void write(std::int64_t at, std::string_view bytes) {
    if (failed_)
      return;
    io_.seekp(at);
    io_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (io_.flush())
      return;
    auto reason = errno;
    failed_ = failure(errc_for(reason, errc::io_error),
                      "could not write " + file_.string() + ": "
                        + std::strerror(reason));
  }

  void remove() const {
    std::error_code ignored;
    fs::remove(file_, ignored);
  }

  fs::path file_;
  sqlite::database db_;
  sqlite::statement rows_;
  std::fstream io_;
  std::uint32_t changes_ = 1'000'000;
  caf::error failed_;
};

/// Reads pages of a file.
class page_file {
public:
  explicit page_file(const fs::path& file) : in_(file, std::ios::binary) {}

  /// The page at `offset`; empty where it cannot be read.
  std::string_view at(std::int64_t offset) {
    in_.clear();
    in_.seekg(offset);
    in_.read(page_.data(), sqlite_page_size);
    return {page_.data(), in_ ? page_.size() : 0};
  }

private:
  std::ifstream in_;
  std::array<char, sqlite_page_size> page_{};
};

/// Reads a database and its log by way of a scratch database.
class page_reading {
public:
  page_reading(const fs::path& file, const fs::path& scratch,
               const page_visitor& found)
    : log_(read_wal(file)),
      database_pages_(file),
      log_pages_(fs::path{file} += "-wal"),
      scratch_(scratch),
      found_(found) {
    std::error_code missing;
    if (auto size = fs::file_size(file, missing); !missing)
      pages_ = size / sqlite_page_size;
  }

  caf::error run() {
    if (auto err = scratch_.create(found_.columns))
      return err;
    using enum frame_standing;
    for (std::size_t i = 1; i <= pages_; ++i)
      scratch_.place(i, database_page(i));
    place_frames(true);
    show_frames(moved, false);
    for (std::size_t i = 1; i <= pages_; ++i)
      show(database_page(i), false);
    show_frames(committed, false);
    scratch_.read_index(found_.entry);
    // Pages that may not belong where they say are put there only now.
    place_frames(false);
    for (auto standing : {moved, committed, doubtful})
      show_frames(standing, true);
    return scratch_.failed();
  }

private:
  std::string_view database_page(std::size_t number) {
    return database_pages_.at(offset_of(number));
  }

  void place_frames(bool only_sure) {
    for (const auto& x : log_.frames) {
      auto sure = x.standing == frame_standing::committed && x.intact;
      auto wanted = only_sure ? sure : x.standing != frame_standing::moved;
      // A damaged number may be any.
      if (wanted && x.page <= pages_ + log_.frames.size())
        scratch_.place(x.page, log_pages_.at(x.at));
    }
  }

  void show_frames(frame_standing which, bool doubtful) {
    for (const auto& x : log_.frames)
      if (x.standing == which)
        show(log_pages_.at(x.at), doubtful);
  }

  void show(std::string_view page, bool doubtful) {
    constexpr char table_leaf = 0x0d;
    if (page.starts_with(table_leaf))
      scratch_.read_leaf(
        page, [&](const sqlite::row& x) { found_.row(x, doubtful); });
  }

  wal_contents log_;
  page_file database_pages_;
  page_file log_pages_;
  std::size_t pages_ = 0; ///< How many the database has.
  scratch_database scratch_;
  const page_visitor& found_;
};

} // namespace

caf::error read_pages(const fs::path& file, const fs::path& scratch,
                      const page_visitor& found) {
  return page_reading{file, scratch, found}.run();
}

} // namespace hololoom
