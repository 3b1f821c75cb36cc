#pragma once

#include <hololoom/actors/reflection/journal/rows.hpp>
#include <hololoom/actors/storage/sqlite.hpp>
#include <hololoom/messages/describe.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// journal/verification: reads the rows of a journal while it is in use, and
/// keeps how far it is in a file. It owns that file; it may know the journal's
/// rows, storage and messages. The journal uses it.

namespace hololoom {

/// How far the verification of a table and of its index of ids is.
struct table_progress {
  /// The last row that this verification covers; none: it has not begun.
  maybe<std::int64_t> until;
  /// The last row that was read, or that needed no reading.
  std::int64_t number = 0;
  bool rows_done = false;
  /// The last entry of the index that was read; none: it has not begun.
  maybe<std::string> id;
  bool done = false;
  /// Sums over the rows and over the index's entries that were read, in which
  /// their order makes no difference.
  std::int64_t rows = 0;
  std::int64_t entries = 0;

  static constexpr auto fields() {
    using t = table_progress;
    return members(member("until", &t::until), member("number", &t::number),
                   member("rows_done", &t::rows_done), member("id", &t::id),
                   member("done", &t::done), member("rows", &t::rows),
                   member("entries", &t::entries));
  }
  bool operator==(const table_progress&) const = default;
};

/// How far a verification is: all that it needs to go on.
struct verification_progress {
  table_progress episodes;
  table_progress spacetimes;
  /// What was learned from the episodes up to `episodes.number`.
  learned_state learned;

  bool done() const { return episodes.done && spacetimes.done; }

  static constexpr auto fields() {
    using t = verification_progress;
    return members(member("episodes", &t::episodes),
                   member("spacetimes", &t::spacetimes),
                   member("learned", &t::learned));
  }
  bool operator==(const verification_progress&) const = default;
};

/// What a journal should have at the moment.
struct journal_extent {
  const learned_state& baseline;
  const learned_state& learned;
  std::int64_t spacetimes_dropped = 0;
  std::int64_t spacetimes_recorded = 0;
};

/// Reads a journal's rows and indexes once, in slices, while it is in use.
///
/// It runs on the journal's thread and connection, between transactions: the
/// connection is exclusive, so that no other could read the log beside it, and
/// between two transactions it sees all that was acknowledged and nothing else.
/// No statement stays open between slices, so that none holds up a checkpoint.
///
/// - Each episode is looked up by its number, the way SQLite will do it later,
///   which proves the inner pages of the table as well as the row.
/// - The entries of an index must be in order, and be those of the rows.
/// - What was learned is recomputed from the episodes.
///
/// Rows that are added while it runs belong to the next verification; those
/// that retention drops are taken out of the sums.
class verification {
public:
  /// Whether a slice may go on; asked before each row.
  using go_on = std::function<bool()>;

  verification(sqlite::database& db, std::string file,
               verification_progress from = {});

  /// Goes on with the verification.
  /// @returns `errc::corrupt`, naming the place of the damage, or the error of
  ///          the disk.
  caf::error run(const journal_extent& now, const go_on& may_go_on);

  const verification_progress& progress() const { return progress_; }

  /// What was learned from all episodes, once that has turned out to differ
  /// from what the journal has.
  std::optional<learned_state> take_relearned() {
    return std::exchange(relearned_, std::nullopt);
  }

  /// Retention has dropped this row.
  void episode_dropped(std::string_view id, std::int64_t sequence);
  void spacetime_dropped(std::string_view id, std::int64_t number);

private:
  caf::error check_episodes(const journal_extent& now, const go_on& may_go_on);
  caf::error check_episode(sqlite::statement& find);
  caf::error compare_learned(const journal_extent& now,
                             sqlite::statement& find);
  caf::error adjust(std::int64_t last);
  caf::error check_spacetimes(const journal_extent& now,
                              const go_on& may_go_on);
  caf::error check_index(const char* table, const char* number,
                         table_progress& x, const go_on& may_go_on);
  caf::error damaged(const std::string& what) const;

  sqlite::database* db_;
  std::string file_;
  verification_progress progress_;
  /// What the journal had learned from the episodes up to the last one.
  std::optional<learned_state> expected_;
  /// Adjustments that follow the last episode that was read.
  std::deque<adjustment_row> pending_;
  std::optional<learned_state> relearned_;
  episode_row episode_;
};

} // namespace hololoom
