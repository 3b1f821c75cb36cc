#pragma once

#include <functional>
#include <thread>

namespace hololoom {

/// Turns SIGTERM and SIGINT into calls of a function, on a plain thread, where
/// anything may be done.
///
/// Create it first thing in `main`, before any other thread: it blocks both
/// signals in the calling thread, and threads inherit that. They stay blocked
/// when the object is gone, so that a signal during the last steps of a program
/// cannot cut them short. Child processes started with `posix_spawn` must reset
/// their mask. At most one object at a time.
class signal_watch {
public:
  /// @param on_signal is called with the signal's number and how many have come
  ///                  so far, from 1. It must not throw.
  using handler = std::function<void(int signal, int count)>;

  signal_watch();
  ~signal_watch();

  signal_watch(const signal_watch&) = delete;
  signal_watch& operator=(const signal_watch&) = delete;

  /// Starts to call `on_signal`; signals that came before are delivered now.
  void start(handler on_signal);

private:
  int wake_ = -1;
  int signals_ = -1;
  std::thread thread_;
};

} // namespace hololoom
