#include <hololoom/actors/supervision/core/rules/drain.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace hololoom::supervision {

namespace {

/// So few children may be waiting for the drain themselves. With no more than
/// that left, the drain checks for it at this interval.
constexpr std::size_t most_excused = 1024;
constexpr auto excuse_check = std::chrono::milliseconds{20};

} // namespace

void drain::request(ticket t, drain_request request) {
  assert(draining_);
  auto before = deadline();
  op x;
  x.id = t;
  x.names = {request.names.begin(), request.names.end()};
  x.except = {request.except.begin(), request.except.end()};
  x.deadline = request.deadline;
  select(x);
  drains_.push_back(std::move(x));
  // Supervisors below that drain already learn that there is less time.
  if (auto earlier = deadline(); earlier < before) {
    patience_ = std::min(patience_, earlier);
    for (auto& [order, c] : books_.children())
      if (c.nested && c.drained && c.asked && !c.excused)
        host_.drain_below(c, earlier);
  }
}

void drain::select(const op& x) {
  auto& map = books_.children();
  for (auto i = map.rbegin(); i != map.rend(); ++i) {
    auto& c = i->second;
    if (!c.alive() || c.drained || c.unwaited || !x.covers(c))
      continue;
    c.drained = true;
    ++alive_;
    if (plan_.is_member(c))
      continue; // It is being stopped already.
    if (!c.kill_sent)
      books_.set_due(c, no_time);
    if (!c.zombie)
      queue_.push_back(c.order);
  }
}

void drain::on_down(child& c) {
  if (!std::exchange(c.drained, false))
    return;
  assert(alive_ > 0);
  --alive_;
}

void drain::advance(time_point now) {
  if (!draining_)
    return;
  ask_in_turn(now);
  answer();
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

void drain::answer() {
  // An answer may lead to the next request at once.
  std::vector<std::pair<ticket, drained>> answers;
  std::erase_if(drains_, [&](const op& x) {
    drained reply;
    if (!settled(x, reply))
      return false;
    answers.emplace_back(x.id, reply);
    return true;
  });
  for (auto& [id, reply] : answers)
    host_.answer_drain(id, reply);
}

bool drain::settled(const op& x, drained& reply) const {
  if (alive_ == 0)
    return true;
  if (x.names.empty() && x.except.empty() && alive_ > most_excused)
    return false;
  for (const auto& [order, c] : books_.children()) {
    if (!c.drained || !x.covers(c))
      continue;
    if (!is_excused(c))
      return false;
    reply.excused = true;
  }
  return true;
}

/// Whether `c` ends only after the drain, for which it waits itself.
bool drain::is_excused(const child& c) const {
  return c.nested ? c.excused : awaits_drain(c.probe);
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
  if (alive_ <= most_excused)
    return std::min<time_point>(patience_, now + excuse_check);
  return patience_;
}

void drain::answered_below(child& c, const drained& reply) {
  c.excused = c.drained && reply.excused;
}

void drain::finish() {
  for (auto& x : std::exchange(drains_, {}))
    host_.answer_drain(x.id, {});
}

} // namespace hololoom::supervision
