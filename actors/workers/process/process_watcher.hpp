#pragma once

#include <hololoom/actors/workers/process/child_process.hpp>

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace hololoom::detail {

/// The thread that starts, reads and reaps the processes of all process workers
/// of this program.
///
/// There is one, because a child gets its parent's death signal
/// (PR_SET_PDEATHSIG) when the thread that started it ends: this thread lives
/// as long as there is a child. It ends with the last child, and leaves no
/// descriptor behind. Thread-safe.
class process_watcher {
public:
  static process_watcher& instance();

  /// Starts `process`; its owner gets `process_started`, or `process_ended`
  /// with the reason for the failure.
  /// @throws std::system_error if the thread cannot be created.
  void start(std::shared_ptr<child_process> process);

  /// Reads on where reading had stopped, if the owner has caught up.
  void poke();

private:
  struct entry {
    std::shared_ptr<child_process> process;
    /// The watched descriptors: its pidfd (or, once it has ended, that of
    /// another process of its group), its output, its error output; -1 while
    /// not watched.
    int watched[3] = {-1, -1, -1};
  };

  void ensure_thread() HOLOLOOM_REQUIRES(mutex_);
  void run();
  void take_new();
  void begin(std::shared_ptr<child_process> process);
  void handle(std::uint64_t key);
  void watch(std::uint64_t id, entry& x, int slot, int fd);
  void update(std::uint64_t id, entry& x);

  mutex mutex_;
  std::vector<std::shared_ptr<child_process>> new_ HOLOLOOM_GUARDED_BY(mutex_);
  bool running_ HOLOLOOM_GUARDED_BY(mutex_) = false;
  /// Set and reset under the lock. The thread reads it without the lock,
  /// because nothing changes it while the thread runs.
  descriptor wake_;

  // Used by the thread only, or before it starts.
  descriptor epoll_;
  std::unordered_map<std::uint64_t, entry> entries_;
  std::uint64_t last_id_ = 0;
};

} // namespace hololoom::detail
