#include <hololoom/actors/reflection/journal/journal_thread.hpp>
#include <hololoom/actors/reflection/journal/task_queue.hpp>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <thread>
#include <utility>

namespace hololoom {

namespace {

/// The most tasks that share a transaction: its commit then takes some ten
/// milliseconds, and a flush of many episodes makes visible progress.
constexpr std::size_t largest_group = 1024;

/// The thread is woken once for so many of the tasks that it expects: it works
/// while others are made, but is not woken for each.
constexpr std::size_t wake_step = 32;

/// The most tasks that a transaction waits for.
constexpr std::size_t most_expected = 256;

/// About what it costs a client to make a task. A commit that costs less per
/// task is not worth waiting for more of them: it is better to answer some
/// while others are made.
constexpr std::chrono::nanoseconds cost_of_a_task =
  std::chrono::microseconds{10};

/// How long the thread spins before it sleeps. A client that waits for each
/// answer asks again within some ten microseconds, and waking a thread takes
/// longer than that.
constexpr std::chrono::nanoseconds spin_time = std::chrono::microseconds{60};

/// The longest wait for expected tasks, however slow the disk.
constexpr std::chrono::nanoseconds longest_wait = std::chrono::milliseconds{2};

} // namespace

void task_queue::submit(journal_task_ptr x) {
  auto due = false;
  {
    lock_guard guard{mutex_};
    queue_.push_back(std::move(x));
    due = ready();
  }
  if (due)
    wake_.notify_one();
}

void task_queue::close() {
  {
    lock_guard guard{mutex_};
    closed_ = true;
  }
  wake_.notify_one();
}

task_queue::tasks task_queue::next(std::chrono::milliseconds at_most) {
  spin();
  unique_lock guard{mutex_};
  wait(guard, at_most);
  return take(largest_group);
}

void task_queue::spin() {
  auto until = std::chrono::steady_clock::now() + spin_time;
  do {
    {
      lock_guard guard{mutex_};
      if (ready())
        return;
    }
    std::this_thread::yield();
  } while (std::chrono::steady_clock::now() < until);
}

void task_queue::wait(unique_lock& guard, std::chrono::nanoseconds at_most) {
  auto until = std::chrono::steady_clock::now() + at_most;
  while (!ready()
         && wake_.wait_until(guard, until) == std::cv_status::no_timeout) {
  }
}

task_queue::tasks task_queue::more(std::size_t taken) {
  if (taken >= largest_group)
    return {};
  unique_lock guard{mutex_};
  if (queue_.empty() && taken < expected_) {
    wake_at_ = std::min(expected_ - taken, wake_step);
    wait(guard, patience_);
    wake_at_ = 1;
  }
  if (queue_.empty() || !queue_.front()->grouped())
    return {};
  return take(largest_group - taken);
}

void task_queue::committed(std::size_t count, std::chrono::nanoseconds cost) {
  lock_guard guard{mutex_};
  auto cheap = cost < static_cast<std::int64_t>(count) * cost_of_a_task;
  expected_ = cheap ? 1 : std::min(count + queue_.size(), most_expected);
  patience_ = std::min((3 * patience_ + cost) / 4, longest_wait);
}

bool task_queue::finished() const {
  lock_guard guard{mutex_};
  return closed_ && queue_.empty();
}

bool task_queue::waiting() const {
  lock_guard guard{mutex_};
  return closed_ || !queue_.empty();
}

bool task_queue::closed() const {
  lock_guard guard{mutex_};
  return closed_;
}

task_queue::tasks task_queue::take(std::size_t room) {
  assert(room > 0);
  tasks result;
  while (!queue_.empty() && result.size() < room) {
    auto grouped = queue_.front()->grouped();
    if (!grouped && !result.empty())
      break;
    result.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (!grouped)
      break;
  }
  return result;
}

} // namespace hololoom
