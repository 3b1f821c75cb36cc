#include <hololoom/actors/supervision/cascade/hooks.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <cxxabi.h>
#include <exception>
#include <functional>
#include <system_error>
#include <thread>
#include <utility>

namespace hololoom {

namespace {

using namespace std::chrono_literals;

/// How long a hook has that runs when the cascade is told to hurry.
constexpr millis hurried_limit{100};

/// On the thread of a hook: says that it has ended.
thread_local std::function<void(maybe<std::string>)> end_of_hook;

void end_hook(maybe<std::string> problem) {
  if (auto end = std::exchange(end_of_hook, nullptr))
    end(std::move(problem));
}

maybe<std::string> run(const std::function<void()>& f) {
  try {
    f();
    return nothing;
  } catch (const std::exception& e) {
    return std::string{"it threw: "} + e.what();
  } catch (const abi::__forced_unwind&) {
    end_hook(std::string{"it ended its thread"});
    throw; // As pthread_exit demands.
  } catch (...) {
    return std::string{"it threw something that is no std::exception"};
  }
}

} // namespace

void excuse_hook() {
  end_hook(nothing);
}

void hook_runner::start(std::vector<shutdown_hook> hooks) {
  under_way_ += hooks.size();
  for (auto& hook : hooks)
    entries_.push_back({std::move(hook), nothing, false, false});
  start_next();
}

void hook_runner::start_next() {
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (!entries_[i].started && may_start(entries_[i]))
      start(i);
}

bool hook_runner::may_start(const entry& x) const {
  const auto& after = x.hook.after;
  return std::all_of(entries_.begin(), entries_.end(), [&](const entry& y) {
    return y.over
        || std::find(after.begin(), after.end(), y.hook.name) == after.end();
  });
}

void hook_runner::start(std::size_t number) {
  auto& x = entries_[number];
  x.started = self_->clock().now();
  if (hurried_)
    x.hook.limit = std::min(x.hook.limit, hurried_limit);
  wait_for(number);
  // Detached, because the cascade waits for the message, up to the limit, and
  // never for the thread.
  try {
    std::thread{[number, f = x.hook.run, to = caf::actor{self_}] {
      end_of_hook = [number, to](maybe<std::string> problem) {
        caf::anon_send(to, hook_ended{number, std::move(problem)});
      };
      end_hook(run(f));
    }}.detach();
  } catch (const std::system_error& e) {
    x.returned = true;
    close(number, std::string{"no thread can be had for it: "} + e.what());
  }
}

void hook_runner::hurry() {
  hurried_ = true;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    auto& x = entries_[i];
    if (x.over || !x.started)
      continue;
    auto left = hurried_limit + (self_->clock().now() - *x.started);
    x.hook.limit = std::min<millis>(x.hook.limit, left);
    wait_for(i);
  }
}

void hook_runner::wait_for(std::size_t number) {
  const auto& x = entries_[number];
  auto due =
    *x.started + std::chrono::ceil<std::chrono::nanoseconds>(x.hook.limit);
  self_->delayed_send(self_,
                      std::clamp(due - self_->clock().now(), 0ns, longest_tick),
                      hook_limit{number});
}

void hook_runner::ended(const hook_ended& x) {
  entries_[x.number].returned = true;
  close(x.number, x.problem);
}

void hook_runner::limit_reached(const hook_limit& x) {
  const auto& hook = entries_[x.number];
  if (hook.over)
    return;
  if (self_->clock().now() - *hook.started < hook.hook.limit)
    return wait_for(x.number);
  auto limit = static_cast<long>(hook.hook.limit.count());
  close(x.number, "it did not return within " + std::to_string(limit)
                    + " ms and was let go");
}

void hook_runner::close(std::size_t number, maybe<std::string> problem) {
  auto& x = entries_[number];
  if (std::exchange(x.over, true))
    return;
  --under_way_;
  lines_.push_back({"hook: " + x.hook.name, self_->clock().now() - *x.started,
                    std::move(problem)});
  start_next();
}

void hook_runner::report(std::vector<shutdown_phase>& lines) {
  for (auto& line : lines_)
    lines.push_back(std::move(line));
  lines_.clear();
}

void hook_runner::list_abandoned(std::vector<std::string>& names) const {
  for (const auto& x : entries_)
    if (x.over && !x.returned)
      names.push_back("hook: " + x.hook.name);
}

} // namespace hololoom
