#pragma once

#include <hololoom/actors/reflection/journal/journal_thread.hpp>
#include <hololoom/messages/sync.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <utility>

namespace hololoom {

/// What the journal's thread has, and does. Shared with its `journal_thread`,
/// which it may outlive; only the two know it.
struct journal_thread::shared {
  options opts;
  std::unique_ptr<hololoom::journal> store;
  task_queue queue;
  /// Counts from the opening on, which may hang as well.
  std::shared_ptr<disk_activity> activity = std::make_shared<disk_activity>();
  std::stop_source give_up; ///< Of the opening.
  /// Whether `store` has more to verify, and when it last did.
  bool verifying = true;
  std::chrono::steady_clock::time_point verified_at =
    std::chrono::steady_clock::now();
  bool told_damage = false;
  bool told_relearned = false;
  mutex calls_mutex;
  callbacks calls HOLOLOOM_GUARDED_BY(calls_mutex);

  template <class T>
  void call(std::function<void(T)> callbacks::*which, T x) {
    lock_guard guard{calls_mutex};
    if (auto& f = calls.*which)
      f(std::move(x));
  }

  journal_opening open();
  journal_opening open_or_throw();
  void run(task_queue::tasks tasks);
  caf::error run_each(task_queue::tasks& tasks);
  caf::error run_together(task_queue::tasks& tasks);
  bool tend(bool idle);
  void verify(std::chrono::steady_clock::duration at_most, bool yield);
  void tell_findings();
};

} // namespace hololoom
