#include <hololoom/actors/supervision/core/rules/stopping.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace hololoom::supervision {

namespace {

/// How often the supervisor checks whether the thread of a killed child has
/// returned.
constexpr auto thread_check = std::chrono::milliseconds{10};

/// What a supervisor keeps back of a limit: those below have to end so much
/// earlier, twice, that it sees their ends, or kills one that is stuck itself.
constexpr auto report_time = std::chrono::milliseconds{10};

time_point before(time_point end, caf::timespan reserve) {
  return end == no_time ? no_time : end - reserve;
}

/// How much longer than usual the end of this many killed children may take:
/// they share the scheduler's threads. Used up only while they go on ending,
/// and never more than a second with the usual wait.
constexpr caf::timespan crowd_allowance(std::int64_t children) {
  return std::min<caf::timespan>(children / 100 * std::chrono::milliseconds{50},
                                 std::chrono::milliseconds{850});
}

/// How much longer than usual none of them may be down in all that time.
constexpr caf::timespan crowd_pause(std::int64_t children) {
  return children / 100 * std::chrono::milliseconds{2};
}

} // namespace

caf::timespan longest_kill(const supervisor_options& options,
                           std::int64_t children) {
  return options.kill_wait + crowd_allowance(children);
}

ended how_it_ended(const child& c, exit_class why, bool stopping) {
  switch (why) {
    case exit_class::normal: return ended::normal;
    case exit_class::shutdown: return ended::shutdown;
    case exit_class::killed:
    case exit_class::abnormal:
      // A process that got its SIGKILL may be reported before its actor is
      // killed. A cascade kills without its supervisor.
      return c.kill_sent || ((c.asked || stopping) && why == exit_class::killed)
             ? ended::killed
             : ended::crashed;
  }
  return ended::crashed;
}

void stopping::ask(child& c, time_point now) {
  assert(c.alive());
  auto policy = c.spec->effective_shutdown();
  auto again = std::exchange(c.asked, true);
  if (!again)
    c.asked_at = now;
  if (c.zombie || policy.how == shutdown_policy::mode::brutal_kill)
    return kill(c, now);
  books_.set_state(c, child_state::stopping);
  auto limited = policy.how == shutdown_policy::mode::limit;
  auto due = limited ? after(now, policy.limit) : no_time;
  if (!c.nested || end_ == no_time) {
    books_.set_due(c, due);
    return host_.ask(c);
  }
  if (again)
    due = std::min(due, c.due);
  books_.set_due(c, std::min(due, before(end_, report_time)));
  host_.stop_below(c, before(end_, 2 * report_time));
}

void stopping::end_by_force(child& c, time_point now) {
  if (!std::exchange(c.asked, true))
    c.asked_at = now;
  kill(c, now);
}

void stopping::kill(child& c, time_point now) {
  assert(c.alive());
  c.kill_sent = true;
  books_.set_state(c, child_state::stopping);
  host_.kill(c);
  auto crowd = books_.counts().active;
  c.last_due = std::min<time_point>(now + longest_kill(options_, crowd), end_);
  books_.set_due(c, std::min<time_point>(
                      now + options_.kill_wait + crowd_pause(crowd), end_));
}

void stopping::give_up_start(child& c, std::string why, time_point now) {
  books_.set_reason(c, std::move(why));
  c.asked = true;
  c.asked_at = now;
  books_.set_due(c, after(now, options_.kill_wait));
  host_.ask(c);
}

bool stopping::leaves_thread(child& c, time_point now) {
  // One that was replaced was killed without a limit.
  auto killed = c.kill_sent && (c.zombie || c.state == child_state::stopping);
  if (!killed || c.let_go != no_time || can_be_killed(c.probe))
    return false;
  if (c.state != child_state::stopping) {
    books_.set_state(c, child_state::stopping);
    books_.set_due(c, std::min<time_point>(now + options_.kill_wait, end_));
  }
  c.let_go = c.due;
  return true;
}

stopping::verdict stopping::check_thread(child& c, time_point now) {
  if (can_be_killed(c.probe))
    return verdict::ended;
  if (now >= c.let_go)
    return verdict::abandoned;
  books_.set_due(c, std::min<time_point>(c.let_go, now + thread_check));
  return verdict::waits;
}

stopping::verdict stopping::limit_is_over(child& c, time_point now) {
  if (c.state == child_state::starting) {
    if (!c.asked) {
      give_up_start(c, "it was not ready in time", now);
    } else if (!c.kill_sent) {
      c.kill_sent = true;
      host_.kill(c);
      books_.set_due(c, now + options_.kill_wait);
    } else {
      return verdict::abandoned;
    }
    return verdict::waits;
  }
  if (c.let_go != no_time)
    return check_thread(c, now);
  if (auto due = patience(c, now); due > now) {
    books_.set_due(c, due);
    return verdict::waits;
  }
  if (c.kill_sent)
    return verdict::abandoned;
  kill(c, now);
  return verdict::waits;
}

void stopping::stopped(const child& c, time_point now) {
  if (c.kill_sent)
    last_kill_ = now;
}

/// Very many children that are killed at once share the scheduler's threads,
/// and the last of them ends late. The supervisor waits for it while others go
/// on ending.
time_point stopping::patience(const child& c, time_point now) {
  if (!c.kill_sent)
    return now;
  return std::min(last_kill_ + options_.kill_wait
                    + crowd_pause(books_.counts().active),
                  c.last_due);
}

} // namespace hololoom::supervision
