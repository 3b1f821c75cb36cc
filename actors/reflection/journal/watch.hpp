#pragma once

#include <atomic>
#include <chrono>
#include <optional>

namespace hololoom {

/// Shows from outside what the journal's thread is doing. The thread may
/// outlive a buffer that is killed while the disk hangs, and keeps the data
/// directory until it ends. Safe to read from any thread.
class journal_watch {
public:
  using clock = std::chrono::steady_clock;

  /// Whether a thread has the journal, or waits for it.
  bool at_work() const { return at_work_; }

  /// Since when the thread has been busy with the disk; none while it waits for
  /// work.
  std::optional<clock::time_point> busy_since() const {
    auto since = busy_since_.load();
    if (since == 0)
      return std::nullopt;
    return clock::time_point{clock::duration{since}};
  }

  // -- for the thread and its starter ------------------------------------------

  void begin() {
    at_work_ = true;
    busy();
  }
  void busy() { busy_since_ = clock::now().time_since_epoch().count(); }
  void idle() { busy_since_ = 0; }
  void end() {
    idle();
    at_work_ = false;
  }

private:
  std::atomic<bool> at_work_ = false;
  std::atomic<clock::rep> busy_since_ = 0;
};

} // namespace hololoom
