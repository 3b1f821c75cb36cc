#pragma once

#include <atomic>
#include <chrono>
#include <optional>

namespace hololoom {

/// What the journal's thread is at. It outlives a buffer that is killed while
/// the disk does not answer, and keeps the data directory until it ends. Safe
/// to read from any thread.
class journal_watch {
public:
  using clock = std::chrono::steady_clock;

  /// Whether there is a thread that has the journal, or wants it.
  bool at_work() const { return at_work_; }

  /// Since when it has been busy with the disk; nothing while it waits for
  /// work.
  std::optional<clock::time_point> busy_since() const {
    auto since = busy_since_.load();
    if (since == 0)
      return std::nullopt;
    return clock::time_point{clock::duration{since}};
  }

  // -- for the thread, and who starts it ---------------------------------------

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
