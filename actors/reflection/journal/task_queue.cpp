#include <hololoom/actors/reflection/journal/task_queue.hpp>
#include <hololoom/actors/reflection/journal/writer.hpp>

#include <algorithm>
#include <cstdint>
#include <thread>
#include <utility>

namespace hololoom {

namespace {

/// Tasks that share a transaction at most: a commit takes some ten milliseconds
/// then, and a flush of many episodes shows that it moves.
constexpr std::size_t largest_group = 1024;

/// The thread is woken for so many of the tasks that it expects: it works while
/// others are made, but is not woken for each.
constexpr std::size_t wake_step = 32;

/// No more tasks than that are waited for.
constexpr std::size_t most_expected = 256;

/// What a task costs whoever makes it, about. A commit that costs less for each
/// of its tasks is not worth waiting for more of them: it is better to answer
/// some while others are made.
constexpr std::chrono::nanoseconds cost_of_a_task =
  std::chrono::microseconds{10};

/// How long the thread looks out for the next task before it sleeps. A client
/// that waits for each answer asks again within some ten microseconds, and to
/// wake a thread takes longer than that.
constexpr std::chrono::nanoseconds look_out = std::chrono::microseconds{60};

/// The longest wait for a task that is expected, however slow the disk.
constexpr std::chrono::nanoseconds longest_wait = std::chrono::milliseconds{2};

} // namespace

void task_queue::submit(journal_task_ptr x) {
  auto due = false;
  {
    std::lock_guard guard{mutex_};
    queue_.push_back(std::move(x));
    due = ready();
  }
  if (due)
    wake_.notify_one();
}

void task_queue::close() {
  {
    std::lock_guard guard{mutex_};
    closed_ = true;
  }
  wake_.notify_one();
}

task_queue::tasks task_queue::next(std::chrono::milliseconds at_most) {
  std::unique_lock guard{mutex_};
  look_out_for_work(guard);
  wake_.wait_for(guard, at_most, [this] { return ready(); });
  return take(largest_group);
}

void task_queue::look_out_for_work(std::unique_lock<std::mutex>& guard) {
  auto until = std::chrono::steady_clock::now() + look_out;
  while (!ready() && std::chrono::steady_clock::now() < until) {
    guard.unlock();
    std::this_thread::yield();
    guard.lock();
  }
}

task_queue::tasks task_queue::more(std::size_t taken) {
  if (taken >= largest_group)
    return {};
  std::unique_lock guard{mutex_};
  if (queue_.empty() && taken < expected_) {
    wake_at_ = std::min(expected_ - taken, wake_step);
    wake_.wait_for(guard, patience_, [this] { return ready(); });
    wake_at_ = 1;
  }
  if (queue_.empty() || !queue_.front()->grouped())
    return {};
  return take(largest_group - taken);
}

void task_queue::committed(std::size_t count, std::chrono::nanoseconds cost) {
  std::lock_guard guard{mutex_};
  auto cheap = cost < static_cast<std::int64_t>(count) * cost_of_a_task;
  expected_ = cheap ? 1 : std::min(count + queue_.size(), most_expected);
  patience_ = std::min((3 * patience_ + cost) / 4, longest_wait);
}

bool task_queue::finished() const {
  std::lock_guard guard{mutex_};
  return closed_ && queue_.empty();
}

task_queue::tasks task_queue::take(std::size_t room) {
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
