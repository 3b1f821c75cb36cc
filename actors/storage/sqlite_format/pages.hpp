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

/// Reads rows straight from the pages of a SQLite database, without relying on
/// its structure: what a damaged file still has. The format:
/// https://sqlite.org/fileformat2.html

namespace hololoom {

/// A column's value; `monostate` is NULL.
using sqlite_value =
  std::variant<std::monostate, std::int64_t, double, std::string>;

/// A row of some table. It may be stale, uncommitted or damaged; a checksum in
/// the row must tell.
struct loose_row {
  std::int64_t rowid = 0;
  std::vector<sqlite_value> columns;
  /// Whether its transaction may have failed: such a row counts only if there
  /// is no other version of it.
  bool doubtful = false;
};

/// The pages of a database file and its log.
class sqlite_pages {
public:
  /// Reads `file` and `file-wal`, as far as they are readable.
  explicit sqlite_pages(const std::filesystem::path& file);

  /// Calls `f` for each row on a page that looks like the leaf of a table, in
  /// the order of writing, doubtful rows after all others. A row that continues
  /// on other pages may be read twice, if it is not certain which versions of
  /// these pages belong to it.
  void for_each_row(const std::function<void(loose_row)>& f) const;

  /// Calls `f` for each entry, a text and a row's number, of the index whose
  /// root is page `root`, in its newest version. Omits long texts, and entries
  /// below a page that is lost.
  void
  for_each_entry(std::uint32_t root,
                 const std::function<void(std::string, std::int64_t)>& f) const;

private:
  using page_map = std::map<std::uint32_t, std::string_view>;

  struct version {
    std::string_view content;
    bool doubtful = false;
  };

  void add(version x, std::uint32_t number, bool sure);
  void add_database();
  void read_leaf(const version& from,
                 const std::function<void(loose_row)>& f) const;
  std::optional<std::string> payload(std::string_view page, std::size_t at,
                                     std::uint64_t size,
                                     const page_map& pages) const;

  std::string database_;
  std::string log_;
  std::size_t page_size_ = 4096;
  /// In the order of writing: old generations of the log, the database, the
  /// current log; then doubtful pages.
  std::vector<version> versions_;
  /// The newest version of each page, by its number: among those that are
  /// intact and committed, and among all.
  page_map sure_;
  page_map any_;
};

} // namespace hololoom
