#include <hololoom/actors/supervision/core/core.hpp>

#include <utility>

// How those that a drain left are forced to end.

namespace hololoom::supervision {

void core::force(ticket t, bool then_end, time_point now) {
  if (!draining_)
    begin_draining(now);
  drain_queue_.clear();
  end_when_empty_ = end_when_empty_ || then_end;
  force_op op;
  op.id = t;
  op.report.outcomes = std::exchange(late_, {});
  for (auto& [order, c] : children_.children()) {
    if (!c.alive() || !(c.drained || (then_end && drains_.empty())))
      continue;
    if (!std::exchange(c.drained, true))
      ++drain_alive_;
    op.waiting.insert(op.waiting.end(), order);
    force_queue_.push_back(order);
  }
  forces_.push_back(std::move(op));
  advance_force(now);
  answer_forces(now);
  // With nobody to force, no end of a child comes that would lead to its own.
  end_if_empty();
}

/// Each is seen to in its turn: very many would hold up who asks meanwhile.
void core::advance_force(time_point now) {
  slice work{now};
  while (!force_queue_.empty() && !force_paused_) {
    if (spent(work)) {
      force_paused_ = true;
      proceed_soon();
      break;
    }
    auto c = find(force_queue_.front());
    force_queue_.pop_front();
    if (c && c->alive())
      force_child(*c, now);
  }
}

void core::force_child(child& c, time_point now) {
  if (auto doing = describe_work(c))
    for (auto& op : forces_)
      if (op.waiting.contains(c.order))
        op.doing.try_emplace(c.order, *doing);
  if (!c.asked)
    c.asked_at = now;
  c.asked = true;
  c.forced = c.forced || !c.nested;
  // The limits of an earlier force stay, or one force after the other would put
  // the end off.
  if (is_forced(c) && c.due != no_time)
    return;
  if (!c.nested)
    return kill(c, now);
  host_.force_below(c);
  set_state(c, child_state::stopping);
  auto below = host_.alive_below(c);
  alive_below_[c.order] = below;
  c.last_due = now + 2 * (options_.kill_wait + crowd_allowance(below));
  // Before the first of very many is down, it has to go through them all.
  set_due(c, now + 2 * (options_.kill_wait + crowd_pause(below)) + margin);
}

void core::forced_below(child& c, const force_report& report, time_point now) {
  left_below_.erase(c.order);
  // One that had not answered the drain was left itself, and so is told of when
  // it is down.
  auto itself = c.left && !c.reported;
  for (auto& op : forces_) {
    if (!op.waiting.contains(c.order))
      continue;
    op.report.outcomes.insert(op.report.outcomes.end(), report.outcomes.begin(),
                              report.outcomes.end());
    if (!itself)
      op.waiting.erase(c.order);
  }
  answer_forces(now);
}

void core::force_done(child& c, ended how, time_point now) {
  auto o = outcome_of(c, how, now);
  for (auto& op : forces_) {
    if (op.waiting.erase(c.order) == 0)
      continue;
    if (auto i = op.doing.find(c.order); i != op.doing.end())
      o.doing = i->second;
    op.report.outcomes.push_back(o);
    below(c, how, op.report);
  }
  if (std::exchange(c.drained, false))
    --drain_alive_;
  answer_forces(now);
}

/// A supervisor below is gone before it told what became of those that it had
/// left: if it ended in order, so did they.
void core::below(const child& c, ended how, force_report& report) {
  auto left = left_below_.extract(c.order);
  if (left.empty())
    return;
  auto well = how == ended::shutdown || how == ended::normal;
  for (auto& o : left.mapped()) {
    o.how = well ? ended::shutdown : how;
    o.forced = !well;
    if (well)
      o.doing = nothing;
    report.outcomes.push_back(std::move(o));
  }
}

void core::answer_forces(time_point) {
  std::vector<std::pair<ticket, force_report>> answers;
  std::erase_if(forces_, [&](force_op& op) {
    if (!op.waiting.empty())
      return false;
    answers.emplace_back(op.id, std::move(op.report));
    return true;
  });
  for (auto& [id, report] : answers)
    host_.answer_force(id, std::move(report));
}

void core::end_if_empty() {
  if (!end_when_empty_ || over_ || !drains_.empty() || !forces_.empty()
      || plan_.what == activity::stop || drain_alive_ > 0 || counts_.active > 0)
    return;
  for (const auto& [order, c] : children_.children())
    if (c.alive())
      return;
  finish(caf::make_error(caf::exit_reason::user_shutdown));
}

} // namespace hololoom::supervision
