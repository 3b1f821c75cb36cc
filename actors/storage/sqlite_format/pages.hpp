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
  /// Whether it may have been taken back: it counts where there is no other.
  bool doubtful = false;
};

/// All pages of a database file and its log.
class sqlite_pages {
public:
  /// Reads `file` and `file-wal`, as far as they can be read.
  explicit sqlite_pages(const std::filesystem::path& file);

  /// Calls `f` for each row on a page that looks like a leaf of a table, those
  /// that were written last coming last, and doubtful ones after all others. A
  /// row that goes on in other pages may be read twice, when it is not sure
  /// which are the right ones.
  void for_each_row(const std::function<void(loose_row)>& f) const;

  /// Calls `f` for each entry of the index that begins at page `root`, of a
  /// text and a row's number, as the newest pages have it; long texts, and what
  /// hangs on a page that is lost, are left out.
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
  /// In the order of writing: old generations of the log, the database, and
  /// the log as it is; then what is doubtful.
  std::vector<version> versions_;
  /// The newest version of each page, by its number: of those that are whole
  /// and committed, and of all.
  page_map sure_;
  page_map any_;
};

} // namespace hololoom
