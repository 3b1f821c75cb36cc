#include <hololoom/actors/reflection/journal/verification/verification.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <utility>

namespace hololoom {

namespace {

/// A row's share in the sums. It is stored, so that it must be the same in
/// every build: FNV-1a over the id, mixed with the number.
std::int64_t share_of(std::string_view id, std::int64_t number) {
  std::uint64_t x = 0xcbf29ce484222325;
  for (auto c : id)
    x = (x ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  x += static_cast<std::uint64_t>(number) * 0x9e3779b97f4a7c15;
  x ^= x >> 31;
  x *= 0xbf58476d1ce4e5b9;
  return static_cast<std::int64_t>(x ^ (x >> 29));
}

/// Adds without overflow, which would be undefined for signed numbers.
void add(std::int64_t& sum, std::int64_t x) {
  sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum)
                                  + static_cast<std::uint64_t>(x));
}

void subtract(std::int64_t& sum, std::int64_t x) {
  sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum)
                                  - static_cast<std::uint64_t>(x));
}

void take_out(table_progress& x, std::string_view id, std::int64_t number) {
  if (x.done || !x.until || number > *x.until)
    return;
  auto share = share_of(id, number);
  if (number <= x.number)
    subtract(x.rows, share);
  if (x.id && id <= *x.id)
    subtract(x.entries, share);
}

} // namespace

verification::verification(sqlite::database& db, std::string file,
                           verification_progress from)
  : db_(&db), file_(std::move(file)), progress_(std::move(from)) {}

caf::error verification::damaged(const std::string& what) const {
  return failure(errc::corrupt, file_ + " is damaged: " + what
                                  + "; run `hololoom repair` on its "
                                    "directory, nothing was overwritten");
}

caf::error verification::run(const journal_extent& now,
                             const go_on& may_go_on) {
  auto& episodes = progress_.episodes;
  auto& spacetimes = progress_.spacetimes;
  caf::error err;
  if (!episodes.rows_done)
    err = check_episodes(now, may_go_on);
  if (!err && episodes.rows_done && !episodes.done)
    err = check_index("episodes", "sequence", episodes, may_go_on);
  if (!err && episodes.done && !spacetimes.rows_done)
    err = check_spacetimes(now, may_go_on);
  if (!err && spacetimes.rows_done && !spacetimes.done)
    err = check_index("spacetimes", "number", spacetimes, may_go_on);
  return err;
}

// -- episodes -----------------------------------------------------------------

caf::error verification::check_episodes(const journal_extent& now,
                                        const go_on& may_go_on) {
  auto& x = progress_.episodes;
  // Retention has read the rows that it dropped.
  if (!x.until || x.number < now.baseline.sequence) {
    x.number = now.baseline.sequence;
    progress_.learned = now.baseline;
    pending_.clear();
  }
  if (!expected_) {
    expected_ = now.learned;
    x.until = now.learned.sequence;
  }
  auto find = db_->prepare(select_episodes("WHERE sequence=?"));
  if (!find)
    return std::move(find.error());
  while (x.number < *x.until) {
    if (!may_go_on())
      return {};
    if (auto err = check_episode(*find))
      return err;
  }
  if (auto err = compare_learned(now, *find))
    return err;
  x.rows_done = true;
  return {};
}

/// Looks up the next episode, and learns from it.
caf::error verification::check_episode(sqlite::statement& find) {
  auto& x = progress_.episodes;
  auto wanted = x.number + 1;
  if (auto err = adjust(expected_->adjustments))
    return err;
  find.bind(1, wanted);
  auto code = find.step();
  auto intact = code == SQLITE_ROW && decode(find, episode_);
  auto err =
    code == SQLITE_ROW || code == SQLITE_DONE
      ? caf::error{}
      : db_->last_error("read episode " + std::to_string(wanted) + " of");
  find.reset();
  if (err)
    return err;
  if (code == SQLITE_DONE)
    return damaged("episode " + std::to_string(wanted) + " is missing");
  if (!intact || episode_.sequence != wanted)
    return damaged("episode " + std::to_string(wanted));
  count(progress_.learned, episode_.learned);
  add(x.rows, share_of(episode_.id, wanted));
  x.number = wanted;
  return {};
}

/// Applies the adjustments, up to number `last`, that follow the last episode.
caf::error verification::adjust(std::int64_t last) {
  constexpr std::int64_t at_once = 256;
  auto& learned = progress_.learned;
  while (learned.adjustments < last) {
    if (pending_.empty()) {
      auto more = read_adjustments(*db_, learned.adjustments + 1, at_once);
      if (!more)
        return std::move(more.error());
      if (more->empty())
        return damaged("adjustment " + std::to_string(learned.adjustments + 1)
                       + " is missing");
      pending_ = std::move(*more);
    }
    if (pending_.front().after > progress_.episodes.number)
      return {};
    apply(learned, pending_.front().change);
    pending_.pop_front();
  }
  return {};
}

/// Compares what was learned with what the episodes teach. If that differs,
/// goes on up to the journal's last episode, for the caller to learn anew.
caf::error verification::compare_learned(const journal_extent& now,
                                         sqlite::statement& find) {
  if (auto err = adjust(expected_->adjustments))
    return err;
  auto& learned = progress_.learned;
  if (learned == *expected_)
    return {};
  auto& x = progress_.episodes;
  expected_ = now.learned;
  x.until = now.learned.sequence;
  while (x.number < *x.until)
    if (auto err = check_episode(find))
      return err;
  if (auto err = adjust(expected_->adjustments))
    return err;
  relearned_ = learned;
  return {};
}

// -- spacetimes ---------------------------------------------------------------

caf::error verification::check_spacetimes(const journal_extent& now,
                                          const go_on& may_go_on) {
  auto& x = progress_.spacetimes;
  if (!x.until)
    x.until = now.spacetimes_recorded;
  x.number = std::max(x.number, now.spacetimes_dropped);
  auto rows = db_->prepare(std::string{select_spacetimes}
                           + " WHERE number>? AND number<=? ORDER BY number");
  if (!rows)
    return std::move(rows.error());
  rows->bind(1, x.number);
  rows->bind(2, *x.until);
  spacetime_row found;
  for (;;) {
    if (!may_go_on())
      return {};
    auto code = rows->step();
    if (code == SQLITE_DONE)
      break;
    if (code != SQLITE_ROW)
      return db_->last_error("read a recorded spacetime after number "
                             + std::to_string(x.number) + " of");
    if (!decode(*rows, found))
      return damaged("recorded spacetime " + std::to_string(found.number));
    add(x.rows, share_of(found.id, found.number));
    x.number = found.number;
  }
  x.rows_done = true;
  return {};
}

// -- indexes ------------------------------------------------------------------

caf::error verification::check_index(const char* table, const char* number,
                                     table_progress& x,
                                     const go_on& may_go_on) {
  auto sql = std::string{"SELECT id,"} + number + " FROM " + table
           + " INDEXED BY sqlite_autoindex_" + table + "_1"
           + (x.id ? " WHERE id>?" : "") + " ORDER BY id";
  auto entries = db_->prepare(sql);
  if (!entries)
    return std::move(entries.error());
  // The statement keeps reading the text.
  auto after = x.id ? *x.id : std::string{};
  if (x.id)
    entries->bind(1, std::string_view{after});
  auto place = [&] {
    return std::string{"the index of the ids of "} + table
         + (x.id ? " after \"" + *x.id + "\"" : " at its beginning");
  };
  for (;;) {
    if (!may_go_on())
      return {};
    auto code = entries->step();
    if (code == SQLITE_DONE)
      break;
    if (code != SQLITE_ROW)
      return db_->last_error("read " + place() + " in");
    auto id = entries->text(0);
    if (x.id && id <= *x.id)
      return damaged(place());
    if (auto row = entries->integer(1); row <= *x.until)
      add(x.entries, share_of(id, row));
    x.id = std::string{id};
  }
  if (x.rows != x.entries)
    return damaged(std::string{"the index of the ids of "} + table
                   + " does not match the rows");
  x.done = true;
  return {};
}

// -- retention ----------------------------------------------------------------

void verification::episode_dropped(std::string_view id, std::int64_t sequence) {
  take_out(progress_.episodes, id, sequence);
}

void verification::spacetime_dropped(std::string_view id, std::int64_t number) {
  take_out(progress_.spacetimes, id, number);
}

} // namespace hololoom
