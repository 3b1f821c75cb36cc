#pragma once

#include <hololoom/actors/workers/process/child_process.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace hololoom::detail {

/// The one thread of this program that starts, reads and reaps all processes
/// of process workers.
///
/// One thread, because the signal that a child gets when its parent dies
/// (PR_SET_PDEATHSIG) comes when the thread dies that started it: this one
/// lives for as long as there is a child. It ends with the last, and leaves no
/// descriptor behind. Thread-safe.
class process_watcher {
public:
  static process_watcher& instance();

  /// Starts `process`; its owner hears `process_started`, or `process_ended`
  /// with what went wrong.
  /// @throws std::system_error when there is no thread to be had.
  void start(std::shared_ptr<child_process> process);

  /// Looks again at processes whose output was not read.
  void poke();

private:
  struct entry {
    std::shared_ptr<child_process> process;
    /// The watched descriptors: its end, its output, its error output; -1 when
    /// not watched.
    int watched[3] = {-1, -1, -1};
  };

  void ensure_thread();
  void run();
  void take_new();
  void begin(std::shared_ptr<child_process> process);
  void handle(std::uint64_t key);
  void watch(std::uint64_t id, entry& x, int slot, int fd);
  void update(std::uint64_t id, entry& x);

  std::mutex mutex_; // guards what follows
  std::vector<std::shared_ptr<child_process>> new_;
  bool running_ = false;
  descriptor wake_;

  // Of the thread alone.
  descriptor epoll_;
  std::unordered_map<std::uint64_t, entry> entries_;
  std::uint64_t last_id_ = 0;
};

} // namespace hololoom::detail
