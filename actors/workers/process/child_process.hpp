#pragma once

#include <hololoom/actors/workers/process/spawn.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/sync.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <sys/types.h>

namespace hololoom::detail {

/// How a process ended.
struct process_end {
  /// Its exit code; none when a signal ended it.
  std::optional<int> code;
  /// The signal that ended it, or 0.
  int signal = 0;
  bool core_dumped = false;
  /// Why it could not be started, or why its exit status is unknown.
  caf::error trouble;
  /// The end of its error output.
  std::string last_words;
};

/// For people: "ended with exit code 3", "was ended by SIGSEGV, core dumped".
std::string describe(const process_end& x);

/// Sent to the owner of a `child_process`.
struct process_started {
  pid_t pid;
};
struct process_chunk {
  int stream; // 1 or 2
  std::string bytes;
};
struct process_ended {
  process_end how;
};

/// A child process, shared by the actor that owns it and the thread that
/// watches it. Only that thread starts it, reads from it and reaps it; any
/// thread may signal it.
class child_process {
public:
  child_process(caf::strong_actor_ptr owner, process_plan plan);

  // -- for the owner ----------------------------------------------------------

  /// Sends `signal` to the process, or to its group if it has its own. A signal
  /// before the start prevents the start or is delivered right after it; a
  /// signal after the end has no effect. With SIGTERM, a stopped process goes
  /// on, because it would not get the signal otherwise.
  void signal(int signal);

  /// Sends no more messages to the owner. Returns once none is being sent.
  void forget_owner();

  /// The owner has handled `bytes` of output.
  /// @returns whether the watcher must be poked to read on.
  bool consumed(std::size_t bytes);

  bool ended() const;

  // -- for the watcher --------------------------------------------------------

  /// Starts the process.
  caf::error start();

  /// Reads from stream 1 or 2.
  /// @returns whether more may come.
  bool read(int stream);

  void close(int stream) { pipes_[stream - 1].reset(); }

  /// To be called when the process of `pidfd` has ended. The first call kills
  /// the rest of the process group, reads the rest of the output, and collects
  /// the exit status.
  /// @returns whether all of the group has ended, and the owner has been told;
  ///          otherwise `pidfd` is that of another process of the group.
  bool reap();

  /// Tells the owner that the process could not be started.
  void fail(caf::error reason);

  const descriptor& pidfd() const noexcept { return pidfd_; }
  const descriptor& pipe(int stream) const noexcept {
    return pipes_[stream - 1];
  }

  /// Whether the owner is behind with the output.
  bool congested() const;

private:
  /// Reading stops at this many bytes of output that the owner has not handled:
  /// the pipe fills up, and the process waits.
  static constexpr std::size_t high_water_mark = 262'144;
  static constexpr std::size_t longest_last_words = 2048;

  template <class T>
  void tell(T message, bool last = false);
  caf::expected<pid_t> spawn(const descriptor& out, const descriptor& err);
  process_end collect();
  pid_t pid() const;
  void deliver(int signal) HOLOLOOM_REQUIRES(mutex_);

  const process_plan plan_;

  // Used by the watcher's thread only.
  descriptor pidfd_;
  descriptor pipes_[2];
  std::string last_words_;
  /// Set while others of its group outlive the process.
  std::optional<process_end> how_;

  mutable mutex mutex_;
  caf::strong_actor_ptr owner_ HOLOLOOM_GUARDED_BY(mutex_);
  pid_t pid_ HOLOLOOM_GUARDED_BY(mutex_) = 0;
  int early_signal_ HOLOLOOM_GUARDED_BY(mutex_) = 0;
  bool ended_ HOLOLOOM_GUARDED_BY(mutex_) = false;
  std::size_t in_flight_ HOLOLOOM_GUARDED_BY(mutex_) = 0;
  bool paused_ HOLOLOOM_GUARDED_BY(mutex_) = false;
};

} // namespace hololoom::detail

HOLOLOOM_LOCAL_MESSAGE(1602, hololoom::detail::process_started)
HOLOLOOM_LOCAL_MESSAGE(1603, hololoom::detail::process_chunk)
HOLOLOOM_LOCAL_MESSAGE(1604, hololoom::detail::process_ended)
