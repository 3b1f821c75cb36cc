#include <hololoom/actors/workers/process/spawn.hpp>
#include <hololoom/messages/errc.hpp>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>

namespace hololoom::detail {

namespace {

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

/// The arguments of `posix_spawn` that must be freed.
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

  /// No signal is blocked or ignored, whatever the parent's are.
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

  /// Only these three descriptors are inherited, even if others lack
  /// close-on-exec.
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

caf::error start_failure(const char* what, int error) {
  return failure(errc::start_failed, std::string{"cannot start a process: "}
                                       + what
                                       + " failed: " + std::strerror(error));
}

bool make_pipe(descriptor& reading, descriptor& writing) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0)
    return false;
  reading = descriptor{fds[0]};
  writing = descriptor{fds[1]};
  for (auto* end : {&reading, &writing})
    if (end->get() <= STDERR_FILENO) {
      *end = descriptor{fcntl(end->get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1)};
      if (!*end)
        return false;
    }
  return fcntl(reading.get(), F_SETFL, O_NONBLOCK) == 0;
}

caf::expected<pid_t> spawn_process(const process_plan& plan,
                                   const descriptor& out,
                                   const descriptor& err) {
  spawn_setup setup;
  setup.reset_signals(plan.own_group);
  if (auto error = setup.redirect(out.get(), err.get()))
    return start_failure("posix_spawn_file_actions", error);
  auto arguments = plan.arguments;
  auto environment = environment_with(plan.environment);
  pid_t pid = 0;
  if (auto error =
        posix_spawn(&pid, plan.program.c_str(), &setup.files, &setup.attributes,
                    pointers(arguments).data(), pointers(environment).data()))
    return start_failure("posix_spawn", error);
  return pid;
}

} // namespace hololoom::detail
