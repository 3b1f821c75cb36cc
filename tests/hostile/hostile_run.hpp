#pragma once

#include "runtime/program.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

#include <chrono>
#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

namespace hololoom::hostile {

using clock = std::chrono::steady_clock;

/// How long a loom with the host's config may take to close: its grace, a force
/// and half a second.
constexpr std::chrono::milliseconds closing_limit{1'000 + 150 + 500};

/// What a process said when it had closed, and what lived then.
struct outcome {
  json report;
  int code = -1;
  /// From the signal, or from the guests' arrival, to the end of the closing.
  std::chrono::milliseconds took{0};
  /// The longest that the closing may have taken: guests may begin it before
  /// the program says that they are there.
  std::chrono::duration<double, std::milli> longest{0};
  clock::time_point closed;
  /// Threads that hang, by name.
  std::multiset<std::string> hung;
  /// All other threads.
  std::multiset<std::string> threads;
  /// Processes that the program has started, zombies included.
  std::vector<pid_t> processes;
  /// Its lines other than "ready" and "closed".
  std::vector<std::string> said;
  std::string err;
};

/// A host with guests (see guest.hpp), in surroundings made by a shell.
class hostile_run {
public:
  /// `shell` makes the surroundings and then starts `"$0" "$@"` by `exec`.
  explicit hostile_run(std::vector<std::string> guests,
                       const std::string& shell = R"(exec "$0" "$@")");
  /// Kills the processes that still run.
  ~hostile_run();

  void send(int signal);

  /// Waits for the closing, looks at what lives, and lets the program end. A
  /// loom must have kept its report.
  outcome finish(bool in_loom = true);

  /// The data directory.
  const std::string& data() const { return folder_.path(); }

  pid_t pid() const { return process_.pid(); }

private:
  void read_until(const std::string& last);

  clock::time_point earliest_ = clock::now();
  test::temporary_folder folder_;
  std::string mark_;
  test::process process_;
  clock::time_point begun_;
  std::vector<std::string> said_;
};

/// Runs a host whose guests close the loom, or that gets SIGTERM.
outcome run_closing(const std::string& guest);
outcome run_until_sigterm(std::vector<std::string> guests);

/// Checks that the report says what lives and no more, and that it was in time.
void check_truth(const outcome& x);

/// Processes whose environment has the entry, zombies among their children
/// included, but not `without`.
std::vector<pid_t> processes_with(const std::string& entry, pid_t without);

} // namespace hololoom::hostile
