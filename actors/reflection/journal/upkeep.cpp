#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/actors/reflection/journal/rows.hpp>

#include <sqlite3.h>

#include <algorithm>

namespace hololoom {

namespace {

/// Rows that leave in one step: a step takes a few milliseconds.
constexpr std::int64_t step = 512;

/// Steps in a row. Together they drop more rows than a transaction can bring,
/// so that no load is too much for them.
constexpr auto most_steps = 3;

/// Whether so many rows are too many. A bit more than the limit may stay, so
/// that not every write has to delete.
bool too_many(std::int64_t count, std::int64_t limit) {
  return limit > 0 && count >= limit + std::min(step, limit);
}

/// Pages of the log from which on it is moved into the database: when nothing
/// else is to do, and in any case.
constexpr std::int64_t idle_log_pages = 1'000;
constexpr std::int64_t full_log_pages = 10'000;

} // namespace

caf::error journal::tend(bool idle) {
  auto err = drop_expired();
  if (log_pages_ >= (idle ? idle_log_pages : full_log_pages))
    if (auto failed = checkpoint(); !err)
      err = failed;
  return err;
}

bool journal::behind() const {
  return more_aged_
      || too_many(learned_.sequence - baseline_.sequence,
                  options_.retain_episodes)
      || too_many(spacetimes_recorded_ - spacetimes_dropped_,
                  options_.retain_spacetimes);
}

caf::error journal::drop_expired() {
  for (auto i = 0; i < most_steps; ++i) {
    auto err = drop_episodes();
    if (auto failed = drop_spacetimes(); !err)
      err = failed;
    if (err || !behind())
      return err;
  }
  return {};
}

caf::error journal::drop_episodes() {
  auto count = learned_.sequence - baseline_.sequence;
  auto limit = options_.retain_episodes;
  more_aged_ = false;
  if (too_many(count, limit)) {
    if (auto err =
          drop_until(baseline_.sequence + std::min(count - limit, step)))
      return err;
  }
  if (options_.retain_age.count() <= 0 || count == 0)
    return {};
  auto cutoff = now()
              - std::chrono::duration_cast<std::chrono::microseconds>(
                  options_.retain_age);
  auto query = db_.prepare("SELECT sequence, at FROM episodes"
                           " ORDER BY sequence LIMIT ?");
  if (!query)
    return std::move(query.error());
  query->bind(1, step);
  auto last = baseline_.sequence;
  while (query->step() == SQLITE_ROW
         && query->integer(1) < cutoff.time_since_epoch().count())
    last = query->integer(0);
  query->reset();
  more_aged_ = last == baseline_.sequence + step;
  return last > baseline_.sequence ? drop_until(last) : caf::error{};
}

caf::error journal::drop_until(std::int64_t last) {
  auto adjustments = read_adjustments(db_, baseline_.adjustments + 1);
  if (!adjustments)
    return std::move(adjustments.error());
  replay left{baseline_, std::move(*adjustments)};
  auto rows = db_.prepare("SELECT " HOLOLOOM_EPISODE_COLUMNS
                          " FROM episodes WHERE sequence<=? ORDER BY sequence");
  if (!rows)
    return std::move(rows.error());
  rows->bind(1, last);
  int code;
  while ((code = rows->step()) == SQLITE_ROW) {
    stored_episode x;
    if (!read_row(*rows, x))
      return failure(errc::corrupt, "episode " + std::to_string(x.sequence)
                                      + " is damaged in "
                                      + options_.file.string());
    left.episode(x.record.learned);
  }
  if (code != SQLITE_DONE)
    return db_.last_error("read");
  rows->reset();
  if (auto err = begin())
    return err;
  const auto& state = left.state();
  auto sql = "DELETE FROM episodes WHERE sequence<=" + std::to_string(last)
           + "; DELETE FROM adjustments WHERE number<="
           + std::to_string(state.adjustments);
  auto err = db_.run(sql.c_str());
  if (!err)
    err = keep(0, state);
  if (err) {
    rollback();
    return err;
  }
  if ((err = commit()))
    return err;
  baseline_ = state;
  return {};
}

caf::error journal::drop_spacetimes() {
  auto count = spacetimes_recorded_ - spacetimes_dropped_;
  auto limit = options_.retain_spacetimes;
  if (!too_many(count, limit))
    return {};
  auto last = spacetimes_dropped_ + std::min(count - limit, step);
  if (auto err = begin())
    return err;
  auto sql = "DELETE FROM spacetimes WHERE number<=" + std::to_string(last);
  if (auto err = db_.run(sql.c_str())) {
    rollback();
    return err;
  }
  if (auto err = commit())
    return err;
  spacetimes_dropped_ = last;
  return {};
}

caf::error journal::checkpoint() {
  if (!durable())
    return {};
  auto code = sqlite3_wal_checkpoint_v2(
    db_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK)
    return db_.last_error("write to");
  log_pages_ = 0;
  return {};
}

caf::error journal::start_from(const learned_state& baseline) {
  if (auto err = begin())
    return err;
  draft_ = baseline;
  changed_ = true;
  if (auto err = keep(0, baseline)) {
    rollback();
    return err;
  }
  baseline_ = baseline;
  return commit();
}

caf::error journal::probe() {
  if (auto err = begin())
    return err;
  changed_ = true;
  return commit();
}

} // namespace hololoom
