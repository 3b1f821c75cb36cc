#include <hololoom/actors/supervision/core/rules/drain.hpp>

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace hololoom::supervision {

namespace {

/// So few children may be waiting for the drain themselves. With no more than
/// that left, the drain checks for it at this interval.
constexpr std::size_t most_excused = 1024;
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

child_outcome outcome_of(const child& c, const std::string& path, ended how,
                         time_point now) {
  child_outcome result;
  result.name = path + "/" + c.name;
  result.kind = c.spec->kind;
  result.how = how;
  result.forced = c.forced;
  if (c.asked)
    result.took = now - c.asked_at;
  if (how == ended::abandoned)
    result.doing = why_it_stays(c, result.took);
  return result;
}

void drain::request(ticket t, drain_request request) {
  assert(draining_);
  auto before = deadline();
  op x;
  x.id = t;
  x.names = {request.names.begin(), request.names.end()};
  x.deadline = request.deadline;
  select(x);
  drains_.push_back(std::move(x));
  // Supervisors below that drain already learn that there is less time.
  if (auto earlier = deadline(); earlier < before) {
    patience_ = std::min(patience_, earlier);
    for (auto& [order, c] : books_.children())
      if (c.nested && c.drained && c.asked && !c.reported)
        host_.drain_below(c, earlier);
  }
}

void drain::select(const op& x) {
  auto& map = books_.children();
  for (auto i = map.rbegin(); i != map.rend(); ++i) {
    auto& c = i->second;
    if (!c.alive() || c.drained || !x.covers(c))
      continue;
    include(c);
    if (plan_.is_member(c))
      continue; // It is being stopped already.
    if (!c.kill_sent)
      books_.set_due(c, no_time);
    if (!c.zombie)
      queue_.push_back(c.order);
  }
}

void drain::include(child& c) {
  if (!std::exchange(c.drained, true))
    ++alive_;
}

void drain::exclude(child& c) {
  if (!std::exchange(c.drained, false))
    return;
  assert(alive_ > 0);
  --alive_;
}

void drain::advance(time_point now) {
  if (!draining_)
    return;
  ask_in_turn(now);
  answer(now);
}

void drain::ask_in_turn(time_point now) {
  auto parallel =
    books_.simple() || options_.stop_order == stop_order::parallel;
  work_slice work{now};
  while (!queue_.empty() && !paused_) {
    auto current = books_.find(current_);
    if (current && current->drained && now < patience_)
      break;
    if (slices_.spent(work)) {
      paused_ = true;
      slices_.go_on();
      break;
    }
    auto c = books_.find(queue_.front());
    // One budget for all: a slow child may use its share, so that each of those
    // that come after it is asked as well.
    auto left = static_cast<std::int64_t>(queue_.size());
    queue_.pop_front();
    if (!c || !c->drained || plan_.is_member(*c))
      continue;
    ask(*c, now);
    if (parallel)
      continue;
    current_ = c->order;
    auto end = deadline();
    auto share = end > now ? (end - now) / left : time_point::duration{0};
    auto policy = c->spec->effective_shutdown();
    if (policy.how == shutdown_policy::mode::limit)
      share = std::min<time_point::duration>(share, policy.limit);
    patience_ = now + share;
  }
  if (queue_.empty())
    patience_ = no_time;
}

void drain::ask(child& c, time_point now) {
  c.asked_at = c.asked ? c.asked_at : now;
  if (c.kill_sent)
    return;
  if (!c.nested
      && c.spec->effective_shutdown().how
           == shutdown_policy::mode::brutal_kill) {
    c.asked = true;
    return stopping_.kill(c, now); // As its spec says.
  }
  auto again = std::exchange(c.asked, true);
  books_.set_state(c, child_state::stopping);
  if (c.nested)
    host_.drain_below(c, deadline());
  else if (!again)
    host_.ask(c);
}

void drain::answer(time_point now) {
  // An answer may lead to the next request at once.
  std::vector<std::pair<ticket, drain_report>> answers;
  std::erase_if(drains_, [&](const op& x) {
    if (!settled(x, now))
      return false;
    answers.emplace_back(x.id, report_now(now));
    return true;
  });
  if (!answers.empty())
    for (auto& [order, c] : books_.children())
      c.left = c.left || c.drained;
  for (auto& [id, report] : answers)
    host_.answer_drain(id, std::move(report));
}

bool drain::settled(const op& x, time_point now) const {
  if (alive_ == 0)
    return true;
  auto waits = false;
  auto below = false;
  auto late = x.deadline <= now || deadline() <= now;
  if (!late && x.names.empty() && alive_ > most_excused)
    return false;
  for (const auto& [order, c] : books_.children()) {
    if (!c.drained || !x.covers(c) || is_excused(c))
      continue;
    waits = true;
    if (!late)
      return false;
    below = below || (c.nested && !c.reported);
  }
  if (!waits)
    return true;
  return !below || deadline() + answer_margin <= now;
}

/// Whether `c` ends only after the drain, for which it waits itself.
bool drain::is_excused(const child& c) const {
  return c.nested ? c.excused : awaits_drain(c);
}

time_point drain::deadline() const {
  auto result = no_time;
  for (const auto& x : drains_)
    result = std::min(result, x.deadline);
  return result;
}

time_point drain::due(time_point now) const {
  if (drains_.empty())
    return no_time;
  // Past the deadline, a supervisor below that has not answered gets a little
  // longer.
  auto end = deadline();
  auto result = std::min(end > now ? end : end + answer_margin, patience_);
  if (alive_ <= most_excused)
    result = std::min<time_point>(result, now + excuse_check);
  return result;
}

drain_report drain::report_now(time_point now) const {
  auto result = done_;
  // No force came: all that ended since is part of this report.
  merge(result, {late_, {}, {}, false});
  for (const auto& [order, c] : books_.children()) {
    if (!c.drained)
      continue;
    if (is_excused(c)) {
      result.ended.push_back(
        outcome_of(c, books_.path(), ended::shutdown, now));
      result.excused = true;
    } else if (!c.reported) {
      result.survivors.push_back(
        outcome_of(c, books_.path(), ended::abandoned, now));
    } else if (auto i = left_below_.find(order); i != left_below_.end()) {
      result.survivors.insert(result.survivors.end(), i->second.begin(),
                              i->second.end());
    }
  }
  return result;
}

void drain::on_down(child& c, ended how, time_point now) {
  drain_report one;
  one.ended.push_back(outcome_of(c, books_.path(), how, now));
  // A supervisor ends only when all its children have ended after all.
  for (auto& o : take_left_below(c)) {
    o.how = ended::shutdown;
    o.doing = nothing;
    one.ended.push_back(std::move(o));
  }
  if (c.left)
    late_.insert(late_.end(), std::make_move_iterator(one.ended.begin()),
                 std::make_move_iterator(one.ended.end()));
  else
    merge(done_, std::move(one));
  exclude(c);
}

std::vector<child_outcome> drain::take_left_below(const child& c) {
  auto node = left_below_.extract(c.order);
  return node.empty() ? std::vector<child_outcome>{} : std::move(node.mapped());
}

bool drain::answered_below(child& c, drain_report report) {
  if (!c.drained || c.reported)
    return false;
  c.reported = true;
  c.excused = report.excused && report.survivors.empty();
  auto left = std::move(report.survivors);
  report.survivors.clear();
  merge(done_, std::move(report));
  if (!left.empty())
    left_below_[c.order] = std::move(left);
  return true;
}

void drain::finish() {
  for (auto& x : std::exchange(drains_, {}))
    host_.answer_drain(x.id, done_);
}

} // namespace hololoom::supervision
