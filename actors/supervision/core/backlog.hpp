#pragma once

#include <hololoom/actors/supervision/core/host.hpp>

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace hololoom::supervision {

/// How an actor ended.
struct child_end {
  std::int64_t incarnation = 0;
  exit_class why = exit_class::normal;
  std::string reason;
};

/// Everything that arrives while a plan is under way and has to wait for it:
/// requests, and the ends of children that the plan does not stop.
class backlog {
public:
  using task = std::function<void(time_point)>;

  /// Runs `f` when no plan is under way.
  void defer(task f) { tasks_.push_back(std::move(f)); }

  /// Defers `f` when the child that is being stopped now is down.
  void after_stop(std::uint64_t order, task f) {
    after_stop_.emplace(order, std::move(f));
  }

  /// A child is down: defers the tasks that waited for it.
  void on_down(std::uint64_t order) {
    if (after_stop_.empty())
      return;
    auto [first, last] = after_stop_.equal_range(order);
    for (auto i = first; i != last; ++i)
      defer(std::move(i->second));
    after_stop_.erase(first, last);
  }

  bool empty() const { return tasks_.empty(); }

  void run_next(time_point now) {
    auto f = std::move(tasks_.front());
    tasks_.pop_front();
    f(now);
  }

  /// Runs the tasks that wait now; those that they defer go on waiting.
  void run_all(time_point now) {
    for (auto& f : std::exchange(tasks_, {}))
      f(now);
  }

  void hold_end(std::uint64_t order, child_end end) {
    ends_.insert_or_assign(order, std::move(end));
  }

  bool holds_end(std::uint64_t order) const { return ends_.contains(order); }

  /// Takes out the end that waits for the child of this order.
  std::optional<child_end> take_end(std::uint64_t order) {
    auto node = ends_.extract(order);
    return node.empty() ? std::nullopt
                        : std::optional{std::move(node.mapped())};
  }

private:
  std::deque<task> tasks_;
  std::unordered_multimap<std::uint64_t, task> after_stop_;
  std::unordered_map<std::uint64_t, child_end> ends_;
};

} // namespace hololoom::supervision
