#include <hololoom/actors/supervision/core/rules/force.hpp>

#include <algorithm>
#include <utility>

namespace hololoom::supervision {

namespace {

/// A supervisor below is down before it said what became of those that it had
/// left: if it ended in order, so did they.
void add_left_below(std::vector<child_outcome> left, ended how,
                    force_report& report) {
  auto well = how == ended::shutdown || how == ended::normal;
  for (auto& o : left) {
    o.how = well ? ended::shutdown : how;
    o.forced = !well;
    if (well)
      o.doing = nothing;
    report.outcomes.push_back(std::move(o));
  }
}

} // namespace

/// @param all whether children are forced that no drain has asked to end
void force::request(ticket t, bool all, time_point now) {
  drain_.drop_queue();
  op x;
  x.id = t;
  x.report.outcomes = drain_.take_late();
  for (auto& [order, c] : books_.children()) {
    if (!c.alive() || !(c.drained || all))
      continue;
    drain_.include(c);
    x.waiting.insert(x.waiting.end(), order);
    queue_.push_back(order);
  }
  forces_.push_back(std::move(x));
  advance(now);
  answer();
}

void force::advance(time_point now) {
  work_slice work{now};
  while (!queue_.empty() && !paused_) {
    if (slices_.spent(work)) {
      paused_ = true;
      slices_.go_on();
      break;
    }
    auto c = books_.find(queue_.front());
    queue_.pop_front();
    if (!c || !c->alive())
      continue;
    if (auto doing = describe_work(*c))
      for (auto& x : forces_)
        if (x.waiting.contains(c->order))
          x.doing.try_emplace(c->order, *doing);
    stopping_.force(*c, now);
  }
}

void force::answered_below(const child& c, const force_report& report) {
  drain_.take_left_below(c);
  // One that had not answered the drain was left itself, so its own end belongs
  // to the report as well.
  auto itself = c.left && !c.reported;
  for (auto& x : forces_) {
    if (!x.waiting.contains(c.order))
      continue;
    x.report.outcomes.insert(x.report.outcomes.end(), report.outcomes.begin(),
                             report.outcomes.end());
    if (!itself)
      x.waiting.erase(c.order);
  }
  answer();
}

bool force::on_down(child& c, ended how, time_point now) {
  auto waits = [&](const op& x) {
    return x.waiting.contains(c.order);
  };
  if (std::none_of(forces_.begin(), forces_.end(), waits))
    return false;
  auto o = outcome_of(c, books_.path(), how, now);
  auto left = drain_.take_left_below(c);
  for (auto& x : forces_) {
    if (x.waiting.erase(c.order) == 0)
      continue;
    if (auto i = x.doing.find(c.order); i != x.doing.end())
      o.doing = i->second;
    x.report.outcomes.push_back(o);
    add_left_below(std::exchange(left, {}), how, x.report);
  }
  drain_.exclude(c);
  answer();
  return true;
}

void force::answer() {
  std::vector<op> answers;
  std::erase_if(forces_, [&](op& x) {
    if (!x.waiting.empty())
      return false;
    answers.push_back(std::move(x));
    return true;
  });
  for (auto& x : answers)
    host_.answer_force(x.id, std::move(x.report));
}

void force::finish() {
  for (auto& x : std::exchange(forces_, {}))
    host_.answer_force(x.id, std::move(x.report));
}

} // namespace hololoom::supervision
