#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace hololoom {

class journal_task;
using journal_task_ptr = std::shared_ptr<journal_task>;

/// What waits for the journal's thread, and which of it shares a commit.
///
/// A commit takes whatever has queued up. Clients that wait for each answer
/// before they ask again come back one by one, so that the first of them would
/// have a commit of its own and all others the next one. So a commit expects as
/// many tasks as the last one answered and left waiting, up to 256, and waits
/// for one of them no longer than a commit takes; unless the disk is so fast,
/// or the clients are so many, that waiting costs more than it saves. A single
/// client expects nobody and never waits; who does not come back is waited for
/// once.
///
/// `submit` and `close` may be called from any thread, the rest from the
/// journal's.
class task_queue {
public:
  using tasks = std::vector<journal_task_ptr>;

  void submit(journal_task_ptr x);

  /// Nothing waits any more.
  void close();

  /// Waits for work, for `at_most`.
  /// @returns the first tasks of a transaction, or one that is not `grouped`;
  ///          none when the time is over or the queue is closed and empty.
  tasks next(std::chrono::milliseconds at_most);

  /// @returns what else belongs in the transaction that has `taken` tasks; none
  ///          when it should be committed.
  tasks more(std::size_t taken);

  /// A transaction of `count` tasks has been committed, which took `cost`.
  void committed(std::size_t count, std::chrono::nanoseconds cost);

  /// Whether it is closed and empty.
  bool finished() const;

private:
  bool ready() const { return closed_ || queue_.size() >= wake_at_; }
  void look_out_for_work(std::unique_lock<std::mutex>& guard);
  tasks take(std::size_t room);

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<journal_task_ptr> queue_;
  bool closed_ = false;
  /// The length from which on the thread is woken.
  std::size_t wake_at_ = 1;
  /// How many the next transaction may hope for.
  std::size_t expected_ = 1;
  /// How long it waits for one of them.
  std::chrono::nanoseconds patience_{0};
};

} // namespace hololoom
