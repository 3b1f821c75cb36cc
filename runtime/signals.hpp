#pragma once

#include <functional>
#include <thread>

namespace hololoom {

/// Turns SIGTERM and SIGINT into calls of a function on a plain thread, where
/// the function may do anything.
///
/// Create it first thing in `main`, before any other thread: it blocks both
/// signals in the calling thread, and new threads inherit that. They stay
/// blocked after its destruction, so that a signal cannot cut a program's last
/// steps short. Child processes started with `posix_spawn` must reset their
/// signal mask. At most one object at a time.
class signal_watch {
public:
  /// Called with the signal's number and how many signals have come so far,
  /// from
  /// 1. Its exceptions are swallowed.
  using handler = std::function<void(int signal, int count)>;

  signal_watch();
  ~signal_watch();

  signal_watch(const signal_watch&) = delete;
  signal_watch& operator=(const signal_watch&) = delete;

  /// Starts to call `on_signal`, first for the signals that came earlier.
  void start(handler on_signal);

private:
  int wake_ = -1;
  int signals_ = -1;
  std::thread thread_;
};

} // namespace hololoom
