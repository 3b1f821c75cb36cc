#pragma once

#include <hololoom/messages/caf/local_message.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace hololoom::detail {

/// How a process ended.
struct process_end {
  /// What `exit` was given; none when a signal ended it.
  std::optional<int> code;
  /// The signal that ended it; 0 when none did.
  int signal = 0;
  bool core_dumped = false;
  /// It could not be started, or nobody knows how it ended.
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

/// What to start.
struct process_plan {
  std::string program;
  std::vector<std::string> arguments; // the first is the program's name
  std::map<std::string, std::string> environment;
  bool own_group = true;
  bool wants_output = false;
};

/// A file descriptor that closes itself.
class descriptor {
public:
  descriptor() = default;
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  descriptor(descriptor&& x) noexcept : fd_(std::exchange(x.fd_, -1)) {}
  descriptor& operator=(descriptor&& x) noexcept {
    if (this != &x) {
      reset();
      fd_ = std::exchange(x.fd_, -1);
    }
    return *this;
  }
  ~descriptor() { reset(); }

  void reset() noexcept;
  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

private:
  int fd_ = -1;
};

/// A child process, shared by the actor that wants it and the thread that
/// watches it. The thread alone starts it, reads from it and reaps it; anybody
/// may signal it.
class child_process {
public:
  child_process(caf::strong_actor_ptr owner, process_plan plan);

  // -- for the owner ----------------------------------------------------------

  /// Sends `signal` to the process, or to its group when it has one of its own.
  /// Before it is started, any signal keeps it from being so, or reaches it
  /// when it is; after its end it does nothing.
  void signal(int signal);

  /// The owner wants to hear no more.
  void forget_owner();

  /// The owner has dealt with that many bytes of output.
  /// @returns whether the watcher must be told to read on.
  bool consumed(std::size_t bytes);

  bool ended() const;

  // -- for the watcher --------------------------------------------------------

  /// Starts the process.
  /// @returns what went wrong.
  caf::error start();

  /// Reads what stream 1 or 2 has.
  /// @returns whether there may be more.
  bool read(int stream);

  void close(int stream) { pipes_[stream - 1].reset(); }

  /// Reads what is left, ends what is left of the process group, and collects
  /// the exit status. To be called once, when the process has ended.
  void reap();

  /// Tells the owner of an end that was none.
  void fail(caf::error reason);

  const descriptor& pidfd() const noexcept { return pidfd_; }
  const descriptor& pipe(int stream) const noexcept {
    return pipes_[stream - 1];
  }

  /// Whether the owner is behind with the output.
  bool congested() const;

private:
  /// Output that the owner has not dealt with, bytes, before reading stops: the
  /// pipe then fills, and the process waits.
  static constexpr std::size_t high_water_mark = 262'144;
  static constexpr std::size_t longest_last_words = 2048;

  template <class T>
  void tell(T message, bool last = false);
  caf::error spawn(const descriptor& out, const descriptor& err);
  process_end collect();

  const process_plan plan_;
  descriptor pidfd_;
  descriptor pipes_[2];
  std::string last_words_;

  mutable std::mutex mutex_; // guards what follows
  caf::strong_actor_ptr owner_;
  pid_t pid_ = 0;
  int early_signal_ = 0;
  bool ended_ = false;
  std::size_t in_flight_ = 0;
  bool paused_ = false;
};

} // namespace hololoom::detail

HOLOLOOM_LOCAL_MESSAGE(1602, hololoom::detail::process_started)
HOLOLOOM_LOCAL_MESSAGE(1603, hololoom::detail::process_chunk)
HOLOLOOM_LOCAL_MESSAGE(1604, hololoom::detail::process_ended)
