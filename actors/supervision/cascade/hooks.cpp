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

void hook_runner::take(std::vector<shutdown_hook> hooks) {
  for (auto& hook : hooks)
    entries_.push_back({std::move(hook), {}, false, false});
}

void hook_runner::start(cascade_phase phase) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    auto& x = entries_[i];
    if (x.hook.phase != phase)
      continue;
    x.started = self_->clock().now();
    ++under_way_;
    wait_for(i);
    // Detached, because the cascade waits for the message, up to the limit,
    // and never for the thread.
    try {
      std::thread{[i, f = x.hook.run, to = caf::actor{self_}] {
        end_of_hook = [i, to](maybe<std::string> problem) {
          caf::anon_send(to, hook_ended{i, std::move(problem)});
        };
        end_hook(run(f));
      }}.detach();
    } catch (const std::system_error& e) {
      x.returned = true;
      close(i, std::string{"no thread can be had for it: "} + e.what());
    }
  }
}

void hook_runner::wait_for(std::size_t number) {
  const auto& x = entries_[number];
  auto due =
    x.started + std::chrono::ceil<std::chrono::nanoseconds>(x.hook.limit);
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
  if (self_->clock().now() - hook.started < hook.hook.limit)
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
  lines_.push_back({"hook: " + x.hook.name, self_->clock().now() - x.started,
                    std::move(problem)});
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
