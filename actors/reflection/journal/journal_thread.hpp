#pragma once

#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/actors/reflection/journal/task_queue.hpp>
#include <hololoom/actors/reflection/journal/watch.hpp>

#include <caf/error.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace hololoom {

/// A unit of work for the journal's thread.
class journal_task {
public:
  virtual ~journal_task() = default;

  /// Runs on the journal's thread: in a transaction shared with neighbouring
  /// tasks if it is `grouped`, otherwise outside any transaction. An error
  /// rolls the transaction back for all of them; the task keeps an error that
  /// concerns it alone to itself.
  virtual caf::error run(journal& x) = 0;

  /// Runs on the journal's thread once the task is durable and its asker is
  /// being answered, at the same time on another thread.
  virtual void answered(const journal&) const {}

  virtual bool grouped() const { return true; }
};

/// The outcome of tasks that ran together.
struct journal_result {
  std::vector<journal_task_ptr> tasks;
  /// Why none of them is durable.
  caf::error failed;
  /// Whether they changed the journal, so that the disk is known to take
  /// writes.
  bool wrote = false;
  /// Whether something was learned.
  bool learned = false;
};

/// The outcome of opening the journal.
struct journal_opening {
  caf::error failed;
  /// Changes with each commit.
  std::shared_ptr<const shared_learned> learned;
  /// The newest episodes, in order, as many as were requested.
  std::vector<episode_row> newest;
};

/// What the journal learned of itself while it served.
struct journal_finding {
  /// The first damage. If there is none, the learned state turned out to differ
  /// from the episodes, and was made anew from them.
  caf::error damage;
  bool relearned = false;
};

/// The journal's thread. It opens the journal, runs tasks in the order of their
/// submission, and commits together all tasks that have queued up since its
/// last commit. Methods may be called from any thread; none waits for the disk.
///
/// Between tasks it verifies the journal, from the opening on, a slice at a
/// time. A slice ends before the next row when a task arrives. Under a load
/// that leaves no pause, the verification gets one short slice in a while. A
/// close ends it at once.
class journal_thread {
public:
  struct callbacks {
    std::function<void(journal_opening)> opened;
    std::function<void(journal_result)> finished;
    std::function<void()> closed;
    std::function<void(journal_finding)> found;
  };

  struct options {
    journal_options journal;
    std::int64_t newest = 0;
    /// How long to wait for a predecessor in this process to release the lock.
    std::chrono::milliseconds lock_wait{0};
    /// How often an idle thread checks for rows past `retain_age`.
    std::chrono::milliseconds age_check = std::chrono::minutes{1};
    std::shared_ptr<journal_watch> watch = std::make_shared<journal_watch>();
  };

  /// Starts the thread. Callbacks run on it, one at a time.
  journal_thread(options opts, callbacks calls);
  journal_thread(const journal_thread&) = delete;
  journal_thread& operator=(const journal_thread&) = delete;

  /// Makes no more callbacks and detaches the thread, which closes the journal
  /// after its current task.
  ~journal_thread();

  void submit(journal_task_ptr x);

  /// Gives up the opening, if it is still under way: it fails.
  void give_up_opening();

  /// Runs the submitted tasks, closes the journal, calls `closed` and ends the
  /// thread.
  void close();

  /// The count of reads, writes and syncs so far; it grows as long as the disk
  /// responds.
  std::uint64_t activity() const;

private:
  struct shared;
  static void work(const std::shared_ptr<shared>& s);

  std::shared_ptr<shared> shared_;
};

} // namespace hololoom
