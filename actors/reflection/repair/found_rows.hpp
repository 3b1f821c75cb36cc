#pragma once

#include <hololoom/actors/reflection/journal/rows.hpp>

#include <filesystem>
#include <functional>

namespace hololoom {

/// Rows that a repair has found, in a scratch database: a journal may have more
/// of them than there is memory.
class found_rows {
public:
  /// @param scratch where to build the database; it has a name only while it is
  ///                created.
  static caf::expected<found_rows> create(const std::filesystem::path& scratch);

  /// The first call that failed, for instance for want of room. Calls after it
  /// do nothing.
  const caf::error& failed() const { return failed_; }

  /// Adds a row, or replaces the one with its number.
  void put(const episode_row& x);
  void put(const spacetime_row& x);

  /// Adds a row unless there is one with its number.
  void put_missing(const spacetime_row& x);

  /// Whether an episode has this id. The first question makes an index.
  bool has_id(const std::string& id);

  void drop_episodes_up_to(std::int64_t sequence);

  std::int64_t count_texts();
  std::int64_t count_spacetimes();

  /// Calls `f` for each row, in order, until `f` returns an error.
  caf::error
  for_each_episode(const std::function<caf::error(const episode_row&)>& f);
  caf::error
  for_each_spacetime(const std::function<caf::error(const spacetime_row&)>& f);

private:
  caf::error prepare();
  void run(sqlite::statement& x);
  std::int64_t number(const std::string& sql);

  sqlite::database db_;
  sqlite::statement put_episode_;
  sqlite::statement put_spacetime_;
  sqlite::statement put_missing_;
  sqlite::statement find_id_;
  bool has_index_ = false;
  caf::error failed_;
};

} // namespace hololoom
