#include <hololoom/runtime/loom/loom_impl.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

// The end of what a loom tells: the last events for its subscribers, and the
// last lines for its log. Neither keeps it open.

namespace hololoom::detail {

namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

clock::time_point after(clock::time_point start, millis wait) {
  return start + std::chrono::ceil<std::chrono::nanoseconds>(wait);
}

/// Adds the line of a listener in trouble. One that does not return has its
/// thread left behind.
void add(shutdown_report& report, std::string name, clock::time_point since,
         std::string problem, bool stuck) {
  if (stuck) {
    report.abandoned.push_back(name);
    exits_with(report, exit_code::forced);
  }
  report.phases.push_back(
    {std::move(name), clock::now() - since, std::move(problem)});
}

std::string listed(bool stuck, const std::string& loss) {
  std::string call = stuck ? "a call does not return" : "";
  return call + (stuck && !loss.empty() ? "; " : "") + loss;
}

} // namespace

void loom_impl::settle_subscribers(shutdown_report& report) {
  auto start = clock::now();
  auto least = after(start, cfg_.shutdown.kill_wait);
  auto due = std::max(least, after(start, cfg_.shutdown.grace - report.total));
  // In steps, so that `hurry` cuts the wait short.
  while (!events_->settle(std::min(due, clock::now() + 50ms))
         && clock::now() < (hurried_ ? least : due))
    continue;
  for (const auto& x : events_->close())
    add(report, "subscriber " + std::to_string(x.subscription), start,
        listed(x.stuck, x.events > 0
                          ? "events that it missed: " + std::to_string(x.events)
                          : ""),
        x.stuck);
  report.total += clock::now() - start;
}

void loom_impl::settle_log(shutdown_report& report) {
  auto start = clock::now();
  auto loss = log_->flush(cfg_.shutdown.kill_wait);
  if (loss.lines > 0 || loss.stuck)
    add(report, "log", start,
        listed(loss.stuck, loss.lines > 0 ? "lines that were lost: "
                                              + std::to_string(loss.lines)
                                              + " (" + loss.why + ")"
                                          : ""),
        loss.stuck);
}

} // namespace hololoom::detail
