#pragma once

#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/actors/reflection/journal/task_queue.hpp>
#include <hololoom/actors/reflection/journal/watch.hpp>

#include <caf/error.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace hololoom {

/// Something that the journal's thread does.
class journal_task {
public:
  virtual ~journal_task() = default;

  /// Runs on the journal's thread: in a transaction shared with its neighbours
  /// when it is `grouped`, else outside of any. An error takes the transaction
  /// back, for all of them; what concerns this task alone is kept in it.
  virtual caf::error run(journal& x) = 0;

  /// Runs on the journal's thread once the shared transaction is on disk.
  virtual void committed(const journal&) {}

  virtual bool grouped() const { return true; }
};

/// What became of tasks that were run together.
struct journal_result {
  std::vector<journal_task_ptr> tasks;
  /// Why none of them is on disk.
  caf::error failed;
  /// What is learned now, if that changed.
  std::shared_ptr<const learned_state> learned;
};

/// What came of opening the journal.
struct journal_opening {
  caf::error failed;
  std::shared_ptr<const learned_state> learned;
  /// The newest episodes, in order, as many as were asked for.
  std::vector<stored_episode> newest;
};

/// The journal's thread. It opens the journal, runs tasks in the order in which
/// they came, and commits together whatever has queued up since its last
/// commit. Methods may be called from any thread; none of them waits for the
/// disk.
class journal_writer {
public:
  struct callbacks {
    std::function<void(journal_opening)> opened;
    std::function<void(journal_result)> finished;
    std::function<void()> closed;
  };

  struct options {
    journal_options journal;
    std::int64_t newest = 0;
    /// How long to wait for a predecessor in this process.
    std::chrono::milliseconds lock_wait{0};
    /// How often it is looked whether something has become too old, while
    /// nothing is written.
    std::chrono::milliseconds age_check = std::chrono::minutes{1};
    /// Told what the thread is at.
    std::shared_ptr<journal_watch> watch = std::make_shared<journal_watch>();
  };

  /// Starts the thread. Callbacks run on it, one at a time.
  journal_writer(options opts, callbacks calls);
  journal_writer(const journal_writer&) = delete;
  journal_writer& operator=(const journal_writer&) = delete;

  /// Calls nobody any more, and lets the thread go: it closes the journal when
  /// it is through with what it does now.
  ~journal_writer();

  void submit(journal_task_ptr x);

  /// Runs what was submitted, closes the journal, says `closed` and ends.
  void close();

  /// Reads, writes and syncs so far: it grows while the disk moves.
  std::uint64_t activity() const;

private:
  struct shared;
  static void work(const std::shared_ptr<shared>& s);

  std::shared_ptr<shared> shared_;
};

} // namespace hololoom
