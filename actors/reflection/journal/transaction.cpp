#include <hololoom/actors/reflection/journal/content.hpp>
#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/messages/json/read.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace hololoom {

namespace {

/// When the spacetime that `body` is was made.
std::string made_at(std::string_view body) {
  auto x = from_json_text<hololoom::spacetime>(body);
  return x ? to_iso8601(x->created_at) : "at an unknown time";
}

} // namespace

caf::error journal::begin() {
  draft_changed_ = false;
  draft_ = {learned_.sequence, learned_.adjustments};
  lessons_.clear();
  return db_.run(begin_);
}

/// Where the episode is that has the id of `x`, if it is the same.
caf::expected<placement> journal::already_there(const episode_row& x) {
  auto stored = find(x.id);
  if (stored && !*stored)
    stored = damaged("the index of episode ids");
  if (!stored && is(stored.error(), errc::corrupt)) {
    // Other episodes of the transaction do not need it.
    found_damage(stored.error());
    return failure(errc::id_conflict, "whether episode " + x.id
                                        + " is stored already cannot be "
                                          "told: "
                                        + explain(stored.error()));
  }
  if (!stored)
    return std::move(stored.error());
  const auto& there = **stored;
  if (same_content(there, x)) {
    // A text that damage took comes back; one that was removed stays removed.
    if (there.body.empty() && !there.content)
      if (auto err = rewrite(there.sequence, x.body))
        return err;
    return placement{there.sequence, false, there.learned.reward, there.formula,
                     there.learned.success};
  }
  return failure(errc::id_conflict,
                 "episode " + x.id + " is stored with another content, of "
                   + to_iso8601(there.learned.at) + "; this one is of "
                   + to_iso8601(x.learned.at)
                   + "; nothing was overwritten: give this one another id");
}

caf::expected<placement> journal::add(const episode_row& x) {
  auto sequence = draft_.sequence + 1;
  bind_episode(insert_episode_, sequence, x);
  if (auto err = db_.run(insert_episode_))
    return err;
  if (db_.changes() == 0)
    return already_there(x);
  draft_.sequence = sequence;
  lessons_.emplace_back(x.learned);
  return placement{sequence, true, x.learned.reward, x.formula,
                   x.learned.success};
}

caf::error journal::add_spacetime(std::string_view id, std::string_view body) {
  auto number = spacetimes_recorded_ + 1;
  bind_spacetime(insert_spacetime_, number, id, body);
  if (auto err = db_.run(insert_spacetime_))
    return err;
  if (db_.changes() > 0) {
    spacetimes_recorded_ = number;
    return {};
  }
  auto stored = spacetime(id);
  if (!stored)
    return std::move(stored.error());
  if (*stored && same_spacetime(**stored, body))
    return {};
  return failure(
    errc::id_conflict,
    "spacetime " + std::string{id} + " is recorded with another content, made "
      + made_at(stored->value_or("")) + "; this one was made " + made_at(body)
      + "; nothing was overwritten: give this one another id");
}

caf::error journal::adjust(const adjustment& x) {
  auto insert = db_.prepare(insert_adjustment);
  if (!insert)
    return std::move(insert.error());
  auto body = json_text(x);
  bind_adjustment(*insert, draft_.adjustments + 1, draft_.sequence, body);
  if (auto err = db_.run(*insert))
    return err;
  draft_.adjustments += 1;
  lessons_.emplace_back(x);
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
  if (body.empty() && !x.body.empty())
    x.content = digest_of_body(x.body);
  x.body = body;
  bind_rewrite(rewrite_, x);
  return db_.run(rewrite_);
}

caf::error journal::save(learned_kind kind, const learned_state& state) {
  return save(kind, json_text(state));
}

caf::error journal::save(learned_kind kind, const std::string& body) {
  bind_learned(replace_learned_, kind, body);
  return db_.run(replace_learned_);
}

/// Whether writing the state, which takes as long as there are names, costs
/// each episode since the last time little. At most so many are counted again
/// when the journal is opened.
bool journal::state_is_due() const {
  constexpr std::int64_t least = 256;
  const auto& metrics = learned_.metrics;
  auto names = std::ssize(metrics.tool_usage_counts)
             + std::ssize(metrics.pattern_usage_counts);
  return save_state_
      || draft_.sequence - state_saved_ >= std::max(least, 2 * names);
}

/// Adds to `state` what the open transaction teaches.
void journal::teach(learned_state& state) const {
  for (const auto& lesson : lessons_)
    if (const auto* taught = std::get_if<outcome>(&lesson))
      count(state, *taught);
    else
      apply(state, std::get<adjustment>(lesson));
}

caf::error journal::commit() {
  auto changed = draft_changed_ || !lessons_.empty();
  auto due = changed && state_is_due();
  learned_state whole;
  auto err =
    changed ? save(learned_kind::reached, json_text(draft_)) : caf::error{};
  if (!err && due) {
    whole = learned_;
    teach(whole);
    err = save(learned_kind::current, whole);
  }
  if (!err)
    err = db_.run(commit_);
  if (err) {
    rollback();
    return err;
  }
  shared_->change([&](learned_state& x) {
    if (due)
      x = std::move(whole);
    else
      teach(x);
  });
  if (due) {
    state_saved_ = learned_.sequence;
    save_state_ = false;
  }
  mark_.raise(learned_.sequence);
  return {};
}

std::int64_t journal::changes() const {
  return sqlite3_total_changes64(db_.get());
}

void journal::rollback() {
  db_.rollback();
  disk_->cut_log();
  // The numbers that the transaction took are free again. If they cannot be
  // read now, the journal goes on with those it knew before.
  (void)load_spacetime_range();
}

} // namespace hololoom
