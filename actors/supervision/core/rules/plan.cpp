#include <hololoom/actors/supervision/core/rules/plan.hpp>
#include <hololoom/actors/supervision/core/rules/stopping.hpp>

#include <cassert>
#include <utility>

namespace hololoom::supervision {

namespace {

/// Whether the restart of a group leaves `c` alone.
bool stays_out(const child& c) {
  return c.zombie || c.spec->apart;
}

} // namespace

void plan::boot(child_specs specs) {
  specs_ = std::move(specs);
  booted_ = true;
}

void plan::begin(activity what, bool parallel, std::uint64_t first) {
  assert(at_.what == activity::none && at_.alive == 0);
  at_.what = what;
  at_.parallel = parallel;
  at_.first = first;
  at_.above = no_order;
  at_.cursor = first - 1;
}

void plan::restart_group(std::uint64_t first) {
  begin(activity::group, options_.stop_order == stop_order::parallel, first);
}

void plan::stop_all(caf::error reason, time_point now, time_point end) {
  cancel();
  begin(activity::stop,
        books_.simple() || options_.stop_order == stop_order::parallel, 1);
  at_.reason = std::move(reason);
  deadline_ = end_ = no_time;
  if (options_.stop_limit.count() > 0)
    end_by(after(after(now, options_.stop_limit),
                 longest_kill(options_, books_.counts().active)));
  end_by(end);
}

bool plan::end_by(time_point end) {
  if (end >= end_)
    return false;
  end_ = end;
  deadline_ = end - longest_kill(options_, books_.counts().active);
  return true;
}

void plan::cancel() {
  if (at_.alive > 0)
    for (auto& [order, c] : books_.children())
      c.in_plan = false;
  at_ = {};
}

bool plan::is_member(const child& c) const {
  return c.in_plan
      || (at_.first <= c.order && c.order < at_.above
          && !(restarting_group() && stays_out(c)));
}

/// The turn of `c` has come. Members are found one at a time: a walk over very
/// many would hold up the requests that arrive meanwhile.
/// @returns whether there is anything to stop.
bool plan::enlist(child& c) {
  if (c.unwaited || (restarting_group() && stays_out(c)))
    return false;
  if (!c.alive()) {
    if (c.state == child_state::restarting) {
      books_.set_due(c, no_time);
      books_.set_state(c, child_state::stopped);
    }
    return false;
  }
  if (!std::exchange(c.in_plan, true))
    ++at_.alive;
  return true;
}

void plan::on_down(child& c) {
  if (!std::exchange(c.in_plan, false))
    return;
  assert(at_.alive > 0);
  --at_.alive;
}

void plan::start_is_over(const child& c) {
  if (at_.current == c.order)
    at_.current = 0;
}

bool plan::pause() {
  at_.paused = true;
  slices_.go_on();
  return false;
}

bool plan::stop_members(time_point now, work_slice& work) {
  if (at_.current != 0) {
    if (auto c = books_.find(at_.current); c && c->in_plan)
      return false;
    at_.current = 0;
  }
  auto& all = books_.children();
  while (at_.first < at_.above) {
    auto i = all.lower_bound(at_.above);
    if (i == all.begin() || (--i)->first < at_.first) {
      at_.above = at_.first;
      break;
    }
    if (slices_.spent(work))
      return pause();
    auto& c = i->second;
    auto order = at_.above = c.order;
    if (!enlist(c) || !steps_.stop(c, now) || at_.parallel)
      continue;
    at_.current = order;
    return false;
  }
  return at_.alive == 0;
}

void plan::kill_members(time_point now) {
  deadline_ = no_time;
  at_.parallel = true;
  at_.current = 0;
  // One whose end is known already is forgotten instead of killed.
  auto& all = books_.children();
  for (auto i = all.begin(); i != all.end();)
    if (auto& c = (i++)->second; is_member(c) && enlist(c) && !c.kill_sent)
      steps_.kill(c, now);
  at_.above = at_.first;
}

/// @returns whether all specs are children.
bool plan::add_children(work_slice& work) {
  while (specs_ && at_.added < specs_->size()) {
    if (slices_.spent(work))
      return pause();
    const auto& spec = (*specs_)[at_.added++];
    books_.add(spec->name, spec);
  }
  return true;
}

bool plan::start_members(time_point now, work_slice& work) {
  if (auto c = books_.find(at_.current); c && c->state == child_state::starting)
    return false;
  at_.current = 0;
  if (booting() && !add_children(work))
    return false;
  auto& all = books_.children();
  auto why = booting() ? origin::boot : origin::group;
  for (;;) {
    auto i = all.upper_bound(at_.cursor);
    if (i == all.end()) {
      at_ = {};
      return true;
    }
    if (slices_.spent(work, work_slice::start))
      return pause();
    auto& c = i->second;
    auto order = at_.cursor = c.order;
    if (c.alive() || c.zombie || (restarting_group() && stays_out(c)))
      continue;
    switch (steps_.start(c, why, now)) {
      case attempt::running:
      case attempt::ignored: break;
      case attempt::pending: at_.current = order; return false;
      case attempt::failed: return true;
    }
  }
}

} // namespace hololoom::supervision
