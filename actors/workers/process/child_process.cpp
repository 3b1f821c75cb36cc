#include <hololoom/actors/workers/process/child_process.hpp>
#include <hololoom/actors/workers/process/process_group.hpp>
#include <hololoom/messages/caf/put.hpp>
#include <hololoom/messages/errc.hpp>

#include <cassert>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hololoom::detail {

std::string describe(const process_end& x) {
  std::string result;
  if (x.trouble)
    return explain(x.trouble);
  if (x.code) {
    result = "the process ended with exit code " + std::to_string(*x.code);
  } else {
    const auto* name = sigabbrev_np(x.signal);
    result = "the process was ended by ";
    result += name != nullptr ? std::string{"SIG"} + name
                              : "signal " + std::to_string(x.signal);
    if (x.core_dumped)
      result += ", core dumped";
  }
  if (!x.last_words.empty())
    result += "; it said: " + x.last_words;
  return result;
}

child_process::child_process(caf::strong_actor_ptr owner, process_plan plan)
  : plan_(std::move(plan)), owner_(std::move(owner)) {}

void child_process::signal(int signal) {
  lock_guard guard{mutex_};
  // Until the process is reaped, its pid and its group's cannot be reused.
  if (ended_)
    return;
  if (pid_ == 0)
    early_signal_ = signal;
  else
    deliver(signal);
}

void child_process::deliver(int signal) {
  auto target = plan_.own_group ? -pid_ : pid_;
  kill(target, signal);
  if (signal == SIGTERM)
    kill(target, SIGCONT);
}

void child_process::forget_owner() {
  caf::strong_actor_ptr owner;
  lock_guard guard{mutex_};
  owner = std::move(owner_);
}

bool child_process::consumed(std::size_t bytes) {
  lock_guard guard{mutex_};
  assert(bytes <= in_flight_);
  in_flight_ -= bytes;
  return in_flight_ < high_water_mark / 2 && std::exchange(paused_, false);
}

bool child_process::ended() const {
  lock_guard guard{mutex_};
  return ended_;
}

bool child_process::congested() const {
  lock_guard guard{mutex_};
  return paused_;
}

caf::error child_process::start() {
  descriptor out;
  descriptor err;
  if (!make_pipe(pipes_[0], out) || !make_pipe(pipes_[1], err))
    return start_failure("pipe2", errno);
  auto pid = spawn(out, err);
  if (!pid)
    return std::move(pid.error());
  // Only this thread reaps the process, so that its pid cannot be reused yet.
  pidfd_ = descriptor{static_cast<int>(syscall(SYS_pidfd_open, *pid, 0))};
  if (!pidfd_) {
    auto error = errno;
    signal(SIGKILL);
    collect();
    return start_failure("pidfd_open", error);
  }
  tell(process_started{*pid});
  return {};
}

caf::expected<pid_t> child_process::spawn(const descriptor& out,
                                          const descriptor& err) {
  {
    lock_guard guard{mutex_};
    if (early_signal_ != 0)
      return failure(errc::cancelled,
                     "the process was told to end before it was started");
  }
  auto pid = spawn_process(plan_, out, err);
  if (!pid)
    return pid;
  lock_guard guard{mutex_};
  pid_ = *pid;
  if (early_signal_ != 0)
    deliver(early_signal_);
  return pid;
}

bool child_process::read(int stream) {
  char buffer[16 * 1024];
  auto n = ::read(pipe(stream).get(), buffer, sizeof(buffer));
  if (n < 0)
    return errno == EAGAIN || errno == EINTR;
  if (n == 0)
    return false;
  auto size = static_cast<std::size_t>(n);
  if (stream == STDERR_FILENO) {
    last_words_.append(buffer, size);
    if (last_words_.size() > longest_last_words)
      last_words_.erase(0, last_words_.size() - longest_last_words);
  }
  if (!plan_.wants_output)
    return true;
  {
    lock_guard guard{mutex_};
    in_flight_ += size;
    paused_ = in_flight_ >= high_water_mark && owner_;
  }
  tell(process_chunk{stream, std::string(buffer, size)});
  return true;
}

bool child_process::reap() {
  pidfd_.reset();
  if (!how_) {
    // The processes it has started end with it. They are signalled before its
    // pid, which is their group's, can be reused.
    if (plan_.own_group)
      signal(SIGKILL);
    // A pipe holds 64 KiB; any more comes from another process that still
    // writes.
    for (int stream : {STDOUT_FILENO, STDERR_FILENO})
      for (int i = 0; i < 8 && pipe(stream) && read(stream); ++i)
        ;
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    how_ = collect();
  }
  // Its number cannot be reused while it is that of a group with a process.
  if (plan_.own_group)
    pidfd_ = survivor_of(pid());
  if (pidfd_)
    return false;
  tell(process_ended{std::move(*how_)}, true);
  return true;
}

pid_t child_process::pid() const {
  lock_guard guard{mutex_};
  return pid_;
}

process_end child_process::collect() {
  process_end result;
  siginfo_t info{};
  lock_guard guard{mutex_};
  assert(!ended_);
  int status;
  do
    status = waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED);
  while (status != 0 && errno == EINTR);
  ended_ = true;
  if (status != 0) {
    result.trouble =
      failure(errc::crashed, "the process has ended, but other code of this "
                             "program collected its exit status");
  } else if (info.si_code == CLD_EXITED) {
    result.code = info.si_status;
  } else {
    result.signal = info.si_status;
    result.core_dumped = info.si_code == CLD_DUMPED;
  }
  while (!last_words_.empty() && last_words_.back() == '\n')
    last_words_.pop_back();
  result.last_words = last_words_;
  return result;
}

void child_process::fail(caf::error reason) {
  {
    lock_guard guard{mutex_};
    ended_ = true;
  }
  process_end how;
  how.trouble = std::move(reason);
  tell(process_ended{std::move(how)}, true);
}

template <class T>
void child_process::tell(T message, bool last) {
  // Sent under the lock, so that `forget_owner` waits for it. The reference to
  // the owner is released after the lock, because its release may end the
  // owner, which calls `forget_owner`.
  caf::strong_actor_ptr owner;
  lock_guard guard{mutex_};
  if (!owner_)
    return;
  put(owner_, caf::make_message(std::move(message)));
  if (last)
    owner = std::move(owner_);
}

} // namespace hololoom::detail
