#pragma once

#include <hololoom/actors/storage/sqlite.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace hololoom {

/// Takes what `read_pages` finds.
struct page_visitor {
  /// A row of some table, at most `columns` wide. It may be stale or damaged; a
  /// checksum in the row must tell. A doubtful row may belong to a transaction
  /// that failed: it counts only if there is no other version of it.
  std::function<void(const sqlite::row&, bool doubtful)> row;
  /// An entry of the index: a text, and a row's number.
  std::function<void(std::string_view, std::int64_t)> entry;
  int columns = 0;
};

/// Shows each page of the database `file` and its log that looks like the leaf
/// of a table to SQLite, which reads the rows on it, even if the pages that led
/// there are lost. Rows come in the order of writing, doubtful ones after all
/// others. Where the versions of pages that a long row continues on are not
/// certain, it is read twice, the second time as doubtful.
///
/// The entries are those of the index whose root is page 3, as it is in a
/// database whose first table has an index: from both ends up to a damaged
/// page. They come after the rows that are not doubtful.
///
/// @param scratch where to build a database of these pages; it is as large as
///                `file`, and has a name only while it is created.
/// @returns a storage error if it cannot be built.
caf::error read_pages(const std::filesystem::path& file,
                      const std::filesystem::path& scratch,
                      const page_visitor& found);

} // namespace hololoom
