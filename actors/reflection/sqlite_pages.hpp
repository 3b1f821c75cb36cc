#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Reads the rows of a SQLite database straight from its pages, without its
/// structure: what a damaged file still has. The format:
/// https://sqlite.org/fileformat2.html

namespace hololoom {

/// A column's value; `monostate` is NULL.
using sqlite_value =
  std::variant<std::monostate, std::int64_t, double, std::string>;

/// A row of some table. It may be stale, or may never have been committed, or
/// may be damaged: who reads it must be able to tell.
struct loose_row {
  std::int64_t rowid = 0;
  std::vector<sqlite_value> columns;
};

/// All pages of a database file and its log.
class sqlite_pages {
public:
  /// Reads `file` and `file-wal`, as far as they can be read.
  explicit sqlite_pages(const std::filesystem::path& file);

  /// Calls `f` for each row on a page that looks like a leaf of a table, those
  /// that were written last coming last.
  void for_each_row(const std::function<void(loose_row)>& f) const;

private:
  void add_database();
  void add_log();
  std::string_view page(std::uint32_t number) const;
  void read_leaf(std::string_view page,
                 const std::function<void(loose_row)>& f) const;
  std::optional<std::string> payload(std::string_view page, std::size_t at,
                                     std::uint64_t size) const;

  std::string database_;
  std::string log_;
  std::size_t page_size_ = 4096;
  /// In the order of writing: an old generation of the log, the database, and
  /// the log as it is.
  std::vector<std::string_view> versions_;
  std::map<std::uint32_t, std::string_view> newest_;
};

} // namespace hololoom
