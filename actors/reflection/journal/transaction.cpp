#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/messages/json/write.hpp>

#include <sqlite3.h>

#include <cassert>
#include <utility>

namespace hololoom {

caf::error journal::begin() {
  draft_changed_ = false;
  draft_ = learned_;
  return db_.run(begin_);
}

caf::expected<placement> journal::find(const std::string& id) {
  find_episode_.reset();
  find_episode_.bind(1, std::string_view{id});
  if (find_episode_.step() != SQLITE_ROW)
    return db_.last_error("read");
  episode_row x;
  auto intact = decode(find_episode_, x);
  find_episode_.reset();
  if (!intact)
    return damaged("episode " + id);
  return placement{x.sequence, false, x.learned.reward, x.formula,
                   x.learned.success};
}

caf::expected<placement> journal::add(const episode_row& x) {
  auto sequence = draft_.sequence + 1;
  bind_episode(insert_episode_, sequence, x);
  if (auto err = db_.run(insert_episode_))
    return err;
  if (db_.changes() == 0)
    return find(x.id);
  count(draft_, x.learned);
  assert(draft_.sequence == sequence);
  draft_changed_ = true;
  return placement{sequence, true, x.learned.reward, x.formula,
                   x.learned.success};
}

caf::error journal::add_spacetime(std::string_view id, std::string_view body) {
  auto number = spacetimes_recorded_ + 1;
  bind_spacetime(insert_spacetime_, number, id, body);
  if (auto err = db_.run(insert_spacetime_))
    return err;
  if (db_.changes() > 0)
    spacetimes_recorded_ = number;
  return {};
}

caf::error journal::adjust(const adjustment& x) {
  auto insert = db_.prepare(insert_adjustment);
  if (!insert)
    return std::move(insert.error());
  auto body = json_text(x);
  bind_adjustment(*insert, draft_.adjustments + 1, draft_.sequence, body);
  if (auto err = db_.run(*insert))
    return err;
  apply(draft_, x);
  draft_changed_ = true;
  return {};
}

caf::error journal::rewrite(std::int64_t sequence, std::string_view body) {
  auto row = db_.prepare(select_episodes("WHERE sequence=?"));
  if (!row)
    return std::move(row.error());
  row->bind(1, sequence);
  if (row->step() != SQLITE_ROW)
    return {}; // Retention has dropped it.
  episode_row x;
  if (!decode(*row, x))
    return damaged("episode " + std::to_string(sequence));
  x.body = body;
  rewrite_.bind(1, sequence);
  if (body.empty())
    rewrite_.bind_null(2);
  else
    rewrite_.bind(2, body);
  rewrite_.bind(3, checksum(sequence, x));
  return db_.run(rewrite_);
}

caf::error journal::save(learned_kind kind, const learned_state& state) {
  auto body = json_text(state);
  bind_learned(replace_learned_, kind, body);
  return db_.run(replace_learned_);
}

caf::error journal::commit() {
  auto err =
    draft_changed_ ? save(learned_kind::current, draft_) : caf::error{};
  if (!err)
    err = db_.run(commit_);
  if (err) {
    rollback();
    return err;
  }
  std::swap(learned_, draft_);
  mark_.raise(learned_.sequence);
  return {};
}

void journal::rollback() {
  db_.rollback();
  disk_->cut_log();
  // The numbers that the transaction took are free again. If they cannot be
  // read now, the journal goes on with those it knew before.
  (void)load_spacetime_range();
}

} // namespace hololoom
