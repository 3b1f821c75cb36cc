#pragma once

#include <hololoom/messages/sync.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

namespace hololoom {

class journal_task;
using journal_task_ptr = std::shared_ptr<journal_task>;

/// The tasks that wait for the journal's thread. Decides which of them share a
/// commit.
///
/// A commit takes all tasks that have queued up. Clients that wait for each
/// answer before they ask again return one by one: the first of them would have
/// a commit of its own, and all others the next one. So a commit expects as
/// many tasks as the last one answered and left waiting, up to 256, and waits
/// for them no longer than a commit takes; unless the disk is so fast, or the
/// clients are so many, that waiting costs more than it saves. A single client
/// never waits for another, and a client that does not return delays the others
/// once.
///
/// `submit` and `close` may be called from any thread, the rest from the
/// journal's.
class task_queue {
public:
  using tasks = std::vector<journal_task_ptr>;

  void submit(journal_task_ptr x);

  /// Ends all waiting.
  void close();

  /// Waits for work, up to `at_most`.
  /// @returns the first tasks of a transaction, or a single one that is not
  ///          `grouped`; none on a timeout, or if the queue is closed and
  ///          empty.
  tasks next(std::chrono::milliseconds at_most);

  /// @returns further tasks for the transaction that has `taken` tasks; none if
  ///          it should be committed now.
  tasks more(std::size_t taken);

  /// Reports that a transaction of `count` tasks was committed in `cost`.
  void committed(std::size_t count, std::chrono::nanoseconds cost);

  /// Whether the queue is closed and empty.
  bool finished() const;

  /// Whether a task waits, or the queue is closed.
  bool waiting() const;
  bool closed() const;

private:
  bool ready() const HOLOLOOM_REQUIRES(mutex_) {
    return closed_ || queue_.size() >= wake_at_;
  }
  void spin();
  void wait(unique_lock& guard, std::chrono::nanoseconds at_most)
    HOLOLOOM_REQUIRES(mutex_);
  tasks take(std::size_t room) HOLOLOOM_REQUIRES(mutex_);

  mutable mutex mutex_;
  condition wake_;
  std::deque<journal_task_ptr> queue_ HOLOLOOM_GUARDED_BY(mutex_);
  bool closed_ HOLOLOOM_GUARDED_BY(mutex_) = false;
  /// The queue's length from which on the thread is woken.
  std::size_t wake_at_ HOLOLOOM_GUARDED_BY(mutex_) = 1;
  /// How many tasks the next transaction expects.
  std::size_t expected_ HOLOLOOM_GUARDED_BY(mutex_) = 1;
  /// How long it waits for them.
  std::chrono::nanoseconds patience_ HOLOLOOM_GUARDED_BY(mutex_){0};
};

} // namespace hololoom
