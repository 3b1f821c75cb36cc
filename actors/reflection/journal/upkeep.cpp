#include <hololoom/actors/reflection/journal/journal.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>
#include <vector>

namespace hololoom {

namespace {

/// Rows dropped in one step, which takes a few milliseconds.
constexpr std::int64_t step = 512;

/// Steps in a row. Together they drop more rows than a transaction can add, so
/// that retention keeps up with any load.
constexpr auto most_steps = 3;

/// Whether `count` rows exceed `limit` by enough to drop some. A few more than
/// the limit may stay, so that not every write has to delete.
bool too_many(std::int64_t count, std::int64_t limit) {
  return limit > 0 && count >= limit + std::min(step, limit);
}

/// Pages of the log from which on it is checkpointed: when the journal is idle,
/// and in any case.
constexpr std::int64_t idle_log_pages = 1'000;
constexpr std::int64_t full_log_pages = 10'000;

} // namespace

caf::error journal::tend(bool idle) {
  if (damage_)
    return {};
  auto err = drop_expired();
  if (log_pages_ >= (idle ? idle_log_pages : full_log_pages))
    if (auto failed = checkpoint(); !err)
      err = failed;
  return err;
}

bool journal::behind() const {
  return !damage_
      && (more_expired_
          || too_many(learned_.sequence - baseline_.sequence,
                      options_.retain_episodes)
          || too_many(spacetimes_recorded_ - spacetimes_dropped_,
                      options_.retain_spacetimes));
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
  more_expired_ = false;
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
  more_expired_ = last == baseline_.sequence + step;
  return last > baseline_.sequence ? drop_until(last) : caf::error{};
}

caf::error journal::drop_until(std::int64_t last) {
  assert(last > baseline_.sequence && last <= learned_.sequence);
  auto adjustments = read_adjustments(db_, baseline_.adjustments + 1);
  if (!adjustments)
    return std::move(adjustments.error());
  replay dropped{baseline_, std::move(*adjustments)};
  auto rows = select_episodes("WHERE sequence<=" + std::to_string(last)
                              + " ORDER BY sequence");
  episode_row x;
  std::vector<std::pair<std::string, std::int64_t>> gone;
  auto err = db_.for_each_row(rows, [&](const sqlite::row& row) -> caf::error {
    if (!decode(row, x))
      return damaged("episode " + std::to_string(x.sequence));
    dropped.episode(x.learned);
    gone.emplace_back(x.id, x.sequence);
    return {};
  });
  if (err || (err = begin()))
    return err;
  const auto& state = dropped.state();
  err = db_.run("DELETE FROM episodes WHERE sequence<=" + std::to_string(last)
                + "; DELETE FROM adjustments WHERE number<="
                + std::to_string(state.adjustments));
  if (!err)
    err = save(learned_kind::baseline, state);
  if (err) {
    rollback();
    return err;
  }
  // The episodes that follow the stored state must all be there.
  if (last > state_saved_)
    draft_changed_ = save_state_ = true;
  if ((err = commit()))
    return err;
  baseline_ = state;
  if (verification_)
    for (const auto& [id, sequence] : gone)
      verification_->episode_dropped(id, sequence);
  return {};
}

caf::error journal::drop_spacetimes() {
  auto count = spacetimes_recorded_ - spacetimes_dropped_;
  auto limit = options_.retain_spacetimes;
  if (!too_many(count, limit))
    return {};
  auto last = spacetimes_dropped_ + std::min(count - limit, step);
  auto which = " WHERE number<=" + std::to_string(last);
  // A damaged row may name pages that are not its own: to drop it would free
  // them.
  spacetime_row x;
  std::vector<std::pair<std::string, std::int64_t>> gone;
  auto err = db_.for_each_row(
    select_spacetimes + which, [&](const sqlite::row& row) -> caf::error {
      if (!decode(row, x))
        return damaged("recorded spacetime " + std::to_string(x.number));
      gone.emplace_back(x.id, x.number);
      return {};
    });
  if (err || (err = begin()))
    return err;
  if ((err = db_.run("DELETE FROM spacetimes" + which))) {
    rollback();
    return err;
  }
  if ((err = commit()))
    return err;
  spacetimes_dropped_ = last;
  if (verification_)
    for (const auto& [id, number] : gone)
      verification_->spacetime_dropped(id, number);
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
  if (verified_)
    verified_->write(record());
  return {};
}

caf::error journal::start_from(const learned_state& baseline) {
  baseline_ = learned_ = baseline;
  if (auto err = begin())
    return err;
  draft_changed_ = save_state_ = true;
  if (auto err = save(learned_kind::baseline, baseline)) {
    rollback();
    return err;
  }
  return commit();
}

caf::error journal::probe() {
  if (auto err = begin())
    return err;
  draft_changed_ = true;
  return commit();
}

} // namespace hololoom
