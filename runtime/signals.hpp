#pragma once

#include <functional>
#include <string>
#include <thread>

namespace hololoom {

/// Turns SIGTERM, SIGINT and SIGHUP into calls of a function on a plain thread,
/// where the function may do anything.
///
/// A signal that the program's parent had set to be ignored, as `nohup` and a
/// script's `&` do, stays ignored.
///
/// Create it first thing in `main`, before any other thread: it blocks the
/// signals in the calling thread, and new threads inherit that. They stay
/// blocked after its destruction, so that a signal cannot cut a program's last
/// steps short. Child processes started with `posix_spawn` must reset their
/// signal mask. At most one object at a time. It also opens the standard
/// streams that are closed: see `hold_standard_streams`.
class signal_watch {
public:
  /// Called with the signal's number and how many signals have come so far,
  /// counted from 1. Its exceptions are swallowed.
  using handler = std::function<void(int signal, int count)>;

  /// Throws `std::system_error` if no descriptor is left.
  signal_watch();
  ~signal_watch();

  signal_watch(const signal_watch&) = delete;
  signal_watch& operator=(const signal_watch&) = delete;

  /// Starts to call `on_signal`, first for the signals that came earlier.
  /// Throws `std::system_error` if no thread can be started, and
  /// `std::logic_error` if it was started before.
  void start(handler on_signal);

private:
  int wake_ = -1;
  int signals_ = -1;
  std::thread thread_;
};

/// "SIGTERM", for the reason of a shutdown.
std::string signal_name(int signal);

} // namespace hololoom
