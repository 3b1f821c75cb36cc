#include <hololoom/actors/workers/coroutine/task.hpp>
#include <hololoom/actors/workers/process/process.hpp>
#include <hololoom/actors/workers/process/process_registry.hpp>
#include <hololoom/messages/sync.hpp>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace hololoom {

namespace {

/// The private argument that marks a child process. It is followed by the
/// function's name, the parent's process id and the function's arguments.
constexpr const char* marker = "--hololoom-process-worker";

// Exit codes as in sysexits.h.
constexpr int unknown_function = 64;
constexpr int threw = 70;

struct function_table {
  mutex mutex_;
  std::map<std::string, process_function> functions HOLOLOOM_GUARDED_BY(mutex_);
  std::atomic<bool> hook_called = false;
};

function_table& table() {
  // Made on first use, which may be in a static initialiser of another source.
  static auto* instance = new function_table;
  return *instance;
}

// -- SIGTERM in the child --------------------------------------------------------

int stop_event = -1;

void on_sigterm(int) {
  auto before = errno;
  std::uint64_t one = 1;
  [[maybe_unused]] auto n = write(stop_event, &one, sizeof(one));
  errno = before;
}

std::stop_source make_stop_source() {
  std::stop_source source;
  stop_event = eventfd(0, EFD_CLOEXEC);
  if (stop_event < 0)
    return source; // SIGTERM then ends the process, as without a stop token
  std::thread([source]() mutable {
    eventfd_t count = 0;
    while (eventfd_read(stop_event, &count) != 0 && errno == EINTR)
      ;
    source.request_stop();
  }).detach();
  struct sigaction action {};
  action.sa_handler = on_sigterm;
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
  return source;
}

std::stop_source& stop_source() {
  static auto* source = new std::stop_source{make_stop_source()};
  return *source;
}

// -- the child -------------------------------------------------------------------

/// Has this process killed when its parent dies.
/// @returns false if the parent is dead already.
bool die_with(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  return getppid() == parent;
}

int call(const process_function& function, process_context context) {
  try {
    return function(std::move(context));
  } catch (const cancelled&) {
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "uncaught exception: %s\n", e.what());
  } catch (...) {
    std::fprintf(stderr, "uncaught exception of an unknown type\n");
  }
  return threw;
}

} // namespace

namespace detail {

caf::error check_process_function(const std::string& name) {
  auto& known = table();
  if (!known.hook_called)
    return failure(errc::start_failed,
                   "cannot start a process worker: `main` must call "
                   "`run_if_child_process(argc, argv)` first thing");
  lock_guard guard{known.mutex_};
  if (known.functions.count(name) > 0)
    return {};
  std::string names;
  for (const auto& [key, _] : known.functions)
    names += (names.empty() ? "" : ", ") + key;
  return failure(errc::invalid_spec,
                 "no process function is called '" + name
                   + "'; known are: " + (names.empty() ? "none" : names));
}

std::vector<std::string>
child_arguments(const std::string& function,
                const std::vector<std::string>& arguments) {
  std::vector<std::string> result{program_invocation_name, marker, function,
                                  std::to_string(getpid())};
  result.insert(result.end(), arguments.begin(), arguments.end());
  return result;
}

} // namespace detail

std::stop_token process_context::stop_token() const {
  return stop_source().get_token();
}

bool register_process_function(std::string name, process_function function) {
  auto& known = table();
  lock_guard guard{known.mutex_};
  known.functions.insert_or_assign(std::move(name), std::move(function));
  return true;
}

std::optional<int> run_if_child_process(int argc, char** argv) {
  auto& known = table();
  known.hook_called = true;
  if (argc < 4 || std::strcmp(argv[1], marker) != 0)
    return std::nullopt;
  std::string name = argv[2];
  pid_t parent = 0;
  std::from_chars(argv[3], argv[3] + std::strlen(argv[3]), parent);
  if (!die_with(parent))
    return threw;
  prctl(PR_SET_NAME, name.c_str());
  process_function function;
  {
    lock_guard guard{known.mutex_};
    auto i = known.functions.find(name);
    if (i == known.functions.end()) {
      std::fprintf(stderr, "no process function is called '%s'\n",
                   name.c_str());
      return unknown_function;
    }
    function = i->second;
  }
  auto code =
    call(function, process_context{std::move(name), {argv + 4, argv + argc}});
  std::fflush(nullptr);
  return code;
}

} // namespace hololoom
