#include <hololoom/actors/supervision/core/core.hpp>

#include <algorithm>
#include <utility>

// How a tree is drained before it is forced, for the shutdown cascade.

namespace hololoom::supervision {

namespace {

/// So few may be waiting for the drain themselves; it is looked at now and then
/// when no more than that are left.
constexpr std::size_t most_excused = 16;
constexpr auto excuse_check = std::chrono::milliseconds{20};

/// What is known of a child that did not end when told to, `waited` ago.
std::string why_it_stays(const child& c, millis waited) {
  if (auto doing = describe_work(c))
    return std::move(*doing);
  return "nothing is known of what it does; it was told to end "
       + std::to_string(static_cast<std::int64_t>(waited.count()))
       + " ms before";
}

} // namespace

void core::drain(ticket t, drain_request request, time_point now) {
  if (!draining_)
    begin_draining(now);
  end_when_empty_ = end_when_empty_ || request.then_end;
  auto before = drain_deadline();
  drain_op op;
  op.id = t;
  op.names = {request.names.begin(), request.names.end()};
  op.deadline = request.deadline;
  select(op);
  drains_.push_back(std::move(op));
  // Who waits below is told when there is less time.
  if (auto deadline = drain_deadline(); deadline < before) {
    drain_patience_ = std::min(drain_patience_, deadline);
    for (auto& [order, c] : children_.children())
      if (c.nested && c.drained && c.asked && !c.reported)
        host_.drain_below(c, deadline);
  }
  advance_drain(now);
}

void core::begin_draining(time_point now) {
  if (plan_.what != activity::stop)
    cancel_plan();
  draining_ = true;
  retries_.clear();
  for (auto& [order, c] : children_.children()) {
    if (!c.alive() && c.state == child_state::restarting) {
      set_due(c, no_time);
      set_state(c, child_state::stopped);
    }
  }
  auto refused =
    failure(errc::shutting_down, children_.path() + " is shutting down");
  for (auto t : std::exchange(awaiting_, {}))
    host_.answer_error(t, refused);
  run_deferred(now);
}

void core::select(const drain_op& op) {
  auto& map = children_.children();
  for (auto i = map.rbegin(); i != map.rend(); ++i) {
    auto& c = i->second;
    if (!c.alive() || c.drained || !op.covers(c))
      continue;
    c.drained = true;
    ++drain_alive_;
    if (is_member(c))
      continue; // It is being stopped already.
    if (!c.kill_sent)
      set_due(c, no_time);
    if (!c.zombie)
      drain_queue_.push_back(c.order);
  }
}

void core::advance_drain(time_point now) {
  if (!draining_ || over_)
    return;
  auto parallel = simple() || options_.stop_order == stop_order::parallel;
  slice work{now};
  while (!drain_queue_.empty() && !drain_paused_) {
    auto current = find(drain_current_);
    if (current && current->drained && now < drain_patience_)
      break;
    if (spent(work)) {
      drain_paused_ = true;
      proceed_soon();
      break;
    }
    auto c = find(drain_queue_.front());
    // One budget for all: a slow one may use its share, so that each of those
    // that come after it is asked as well.
    auto left = static_cast<std::int64_t>(drain_queue_.size());
    drain_queue_.pop_front();
    if (!c || !c->drained || is_member(*c))
      continue;
    drain_ask(*c, now);
    if (parallel)
      continue;
    drain_current_ = c->order;
    auto deadline = drain_deadline();
    auto share =
      deadline > now ? (deadline - now) / left : time_point::duration{0};
    auto policy = c->spec->effective_shutdown();
    if (policy.how == shutdown_policy::mode::limit)
      share = std::min<time_point::duration>(share, policy.limit);
    drain_patience_ = now + share;
  }
  if (drain_queue_.empty())
    drain_patience_ = no_time;
  // Whoever is answered may ask again.
  std::vector<std::pair<ticket, drain_report>> answers;
  std::erase_if(drains_, [&](const drain_op& op) {
    if (!settled(op, now))
      return false;
    answers.emplace_back(op.id, report_now(now));
    return true;
  });
  if (!answers.empty())
    for (auto& [order, c] : children_.children())
      c.left = c.left || c.drained;
  for (auto& [id, report] : answers)
    host_.answer_drain(id, std::move(report));
  end_if_empty();
}

void core::drain_ask(child& c, time_point now) {
  c.asked_at = c.asked ? c.asked_at : now;
  if (c.kill_sent)
    return;
  if (!c.nested
      && c.spec->effective_shutdown().how
           == shutdown_policy::mode::brutal_kill) {
    c.asked = true;
    return kill(c, now); // That is how its spec wants it.
  }
  auto again = std::exchange(c.asked, true);
  set_state(c, child_state::stopping);
  if (c.nested)
    host_.drain_below(c, drain_deadline());
  else if (!again)
    host_.ask(c);
}

bool core::settled(const drain_op& op, time_point now) const {
  if (drain_alive_ == 0)
    return true;
  auto waits = false;
  auto below = false;
  auto late = op.deadline <= now || drain_deadline() <= now;
  if (!late && op.names.empty() && drain_alive_ > most_excused)
    return false;
  for (const auto& [order, c] : children_.children()) {
    if (!c.drained || !op.covers(c) || excused(c))
      continue;
    waits = true;
    if (!late)
      return false;
    below = below || (c.nested && !c.reported);
  }
  if (!waits)
    return true;
  return !below || drain_deadline() + margin <= now;
}

/// Whether `c` ends only after the drain, for which it waits itself.
bool core::excused(const child& c) const {
  return c.nested ? c.excused : c.probe && c.probe->awaits_drain();
}

time_point core::drain_deadline() const {
  auto result = no_time;
  for (const auto& op : drains_)
    result = std::min(result, op.deadline);
  return result;
}

time_point core::drain_due(time_point now) const {
  if (drains_.empty())
    return no_time;
  // Past the deadline, one below that has not answered gets a little longer.
  auto due = drain_deadline();
  auto result = std::min(due > now ? due : due + margin, drain_patience_);
  if (drain_alive_ <= most_excused)
    result = std::min<time_point>(result, now + excuse_check);
  return result;
}

child_outcome core::outcome_of(const child& c, ended how,
                               time_point now) const {
  child_outcome result;
  result.name = children_.path() + "/" + c.name;
  result.kind = c.spec->kind;
  result.how = how;
  result.forced = c.forced;
  if (c.asked)
    result.took = now - c.asked_at;
  if (how == ended::abandoned)
    result.doing = why_it_stays(c, result.took);
  return result;
}

drain_report core::report_now(time_point now) const {
  auto result = done_;
  // Nobody came to force anything: whoever ended since is part of this one.
  merge(result, {late_, {}, {}, false});
  for (const auto& [order, c] : children_.children()) {
    if (!c.drained)
      continue;
    if (excused(c)) {
      result.ended.push_back(outcome_of(c, ended::shutdown, now));
      result.excused = true;
      continue;
    }
    if (c.reported) {
      auto i = left_below_.find(order);
      if (i != left_below_.end())
        result.survivors.insert(result.survivors.end(), i->second.begin(),
                                i->second.end());
      continue;
    }
    result.survivors.push_back(outcome_of(c, ended::abandoned, now));
  }
  return result;
}

/// A child is down (or let go of) while the supervisor drains.
void core::drained(child& c, ended how, time_point now) {
  for (const auto& op : forces_)
    if (op.waiting.contains(c.order))
      return force_done(c, how, now);
  drain_report one;
  one.ended.push_back(outcome_of(c, how, now));
  if (auto i = left_below_.find(c.order); i != left_below_.end()) {
    // It ends only when all below have ended after all.
    for (auto& o : i->second) {
      o.how = ended::shutdown;
      o.doing = nothing;
      one.ended.push_back(std::move(o));
    }
    left_below_.erase(i);
  }
  if (c.left)
    late_.insert(late_.end(), std::make_move_iterator(one.ended.begin()),
                 std::make_move_iterator(one.ended.end()));
  else
    merge(done_, std::move(one));
  if (std::exchange(c.drained, false))
    --drain_alive_;
}

void core::drained_below(child& c, drain_report report, time_point now) {
  if (!c.drained || c.reported || over_)
    return;
  c.reported = true;
  c.excused = report.excused && report.survivors.empty();
  auto left = std::move(report.survivors);
  report.survivors.clear();
  merge(done_, std::move(report));
  if (!left.empty())
    left_below_[c.order] = std::move(left);
  advance_drain(now);
}

} // namespace hololoom::supervision
