#include <hololoom/actors/workers/process/child_process.hpp>
#include <hololoom/messages/caf/put.hpp>
#include <hololoom/messages/errc.hpp>

#include <caf/mailbox_element.hpp>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hololoom::detail {

namespace {

caf::error system_failure(const char* what, int error) {
  std::string sentence = "cannot start a process: ";
  sentence += what;
  sentence += " failed: ";
  sentence += std::strerror(error);
  return failure(errc::start_failed, std::move(sentence));
}

/// A pipe whose ends are above the standard descriptors.
bool make_pipe(descriptor& from, descriptor& to) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0)
    return false;
  from = descriptor{fds[0]};
  to = descriptor{fds[1]};
  for (auto* end : {&from, &to})
    if (end->get() <= STDERR_FILENO) {
      *end = descriptor{fcntl(end->get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1)};
      if (!*end)
        return false;
    }
  return fcntl(from.get(), F_SETFL, O_NONBLOCK) == 0;
}

std::vector<char*> pointers(std::vector<std::string>& xs) {
  std::vector<char*> result;
  result.reserve(xs.size() + 1);
  for (auto& x : xs)
    result.push_back(x.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string>
environment_with(const std::map<std::string, std::string>& extra) {
  std::vector<std::string> result;
  for (auto** entry = environ; *entry != nullptr; ++entry) {
    std::string text = *entry;
    if (extra.count(text.substr(0, text.find('='))) == 0)
      result.push_back(std::move(text));
  }
  for (const auto& [key, value] : extra)
    result.emplace_back(key).append("=").append(value);
  return result;
}

/// What `posix_spawn` is told, freed at the end.
struct spawn_setup {
  spawn_setup() {
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&files);
  }
  spawn_setup(const spawn_setup&) = delete;
  spawn_setup& operator=(const spawn_setup&) = delete;
  ~spawn_setup() {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
  }

  /// No blocked or ignored signals: those of the parent are its own affair.
  void reset_signals(bool own_group) {
    sigset_t set;
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attributes, &set);
    sigfillset(&set);
    posix_spawnattr_setsigdefault(&attributes, &set);
    int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (own_group)
      flags |= POSIX_SPAWN_SETPGROUP;
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, static_cast<short>(flags));
  }

  /// Nothing is inherited but the three, whatever others forgot to mark.
  int redirect(int out, int err) {
    int result = posix_spawn_file_actions_addopen(&files, STDIN_FILENO,
                                                  "/dev/null", O_RDONLY, 0);
    if (result == 0)
      result = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    if (result == 0)
      result = posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
    if (result == 0)
      result =
        posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    return result;
  }

  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t files;
};

} // namespace

void descriptor::reset() noexcept {
  if (fd_ >= 0)
    ::close(std::exchange(fd_, -1));
}

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
  std::lock_guard guard{mutex_};
  // Until it is reaped, its number and that of its group are its own.
  if (ended_)
    return;
  if (pid_ == 0)
    early_signal_ = signal;
  else
    kill(plan_.own_group ? -pid_ : pid_, signal);
}

void child_process::forget_owner() {
  caf::strong_actor_ptr owner;
  std::lock_guard guard{mutex_};
  owner = std::move(owner_);
}

bool child_process::consumed(std::size_t bytes) {
  std::lock_guard guard{mutex_};
  in_flight_ -= bytes;
  return in_flight_ < high_water_mark / 2 && std::exchange(paused_, false);
}

bool child_process::ended() const {
  std::lock_guard guard{mutex_};
  return ended_;
}

bool child_process::congested() const {
  std::lock_guard guard{mutex_};
  return paused_;
}

caf::error child_process::start() {
  descriptor out;
  descriptor err;
  if (!make_pipe(pipes_[0], out) || !make_pipe(pipes_[1], err))
    return system_failure("pipe2", errno);
  if (auto reason = spawn(out, err))
    return reason;
  // Nobody else reaps it, so the number is still its own.
  pidfd_ = descriptor{static_cast<int>(syscall(SYS_pidfd_open, pid_, 0))};
  if (!pidfd_) {
    auto error = errno;
    signal(SIGKILL);
    collect();
    return system_failure("pidfd_open", error);
  }
  tell(process_started{pid_});
  return {};
}

caf::error child_process::spawn(const descriptor& out, const descriptor& err) {
  spawn_setup setup;
  setup.reset_signals(plan_.own_group);
  if (auto error = setup.redirect(out.get(), err.get()))
    return system_failure("posix_spawn_file_actions", error);
  auto arguments = plan_.arguments;
  auto environment = environment_with(plan_.environment);
  {
    std::lock_guard guard{mutex_};
    if (early_signal_ != 0)
      return failure(errc::cancelled,
                     "the process was told to end before it was started");
  }
  pid_t pid = 0;
  if (auto error = posix_spawn(&pid, plan_.program.c_str(), &setup.files,
                               &setup.attributes, pointers(arguments).data(),
                               pointers(environment).data()))
    return system_failure("posix_spawn", error);
  std::lock_guard guard{mutex_};
  pid_ = pid;
  if (early_signal_ != 0)
    kill(plan_.own_group ? -pid_ : pid_, early_signal_);
  return {};
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
    std::lock_guard guard{mutex_};
    in_flight_ += size;
    paused_ = in_flight_ >= high_water_mark && owner_;
  }
  tell(process_chunk{stream, std::string(buffer, size)});
  return true;
}

void child_process::reap() {
  // What it started itself goes with it; before its number is free again.
  if (plan_.own_group)
    signal(SIGKILL);
  // A pipe holds 64 KiB; more than that is somebody else's who still writes.
  for (int stream : {STDOUT_FILENO, STDERR_FILENO})
    for (int i = 0; i < 8 && pipe(stream) && read(stream); ++i)
      ;
  close(STDOUT_FILENO);
  close(STDERR_FILENO);
  auto how = collect();
  pidfd_.reset();
  tell(process_ended{std::move(how)}, true);
}

process_end child_process::collect() {
  process_end result;
  siginfo_t info{};
  std::lock_guard guard{mutex_};
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
    std::lock_guard guard{mutex_};
    ended_ = true;
  }
  process_end how;
  how.trouble = std::move(reason);
  tell(process_ended{std::move(how)}, true);
}

template <class T>
void child_process::tell(T message, bool last) {
  // Under the mutex, so that `forget_owner` waits for it. Letting go of the
  // owner may end it, which calls `forget_owner`: that is done outside.
  caf::strong_actor_ptr owner;
  std::lock_guard guard{mutex_};
  if (!owner_)
    return;
  put(owner_, caf::make_message(std::move(message)));
  if (last)
    owner = std::move(owner_);
}

} // namespace hololoom::detail
