#include "hostile/hostile_run.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <unistd.h>
#include <utility>

namespace hololoom::hostile {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> command(const std::string& shell,
                                 const std::string& data,
                                 std::vector<std::string> guests) {
  // For rows that run as another user.
  fs::permissions(data, fs::perms::all);
  std::vector<std::string> result{"/bin/bash", "-c", shell, HOSTILE_PROGRAM,
                                  data};
  result.insert(result.end(), guests.begin(), guests.end());
  return result;
}

/// A file of a process that may end meanwhile: then it is empty.
std::string read_proc(const fs::path& file) {
  try {
    return test::read_file(file);
  } catch (const std::ios_base::failure&) {
    return {};
  }
}

std::multiset<std::string> threads_of(pid_t pid) {
  std::multiset<std::string> result;
  std::error_code gone;
  fs::directory_iterator task{"/proc/" + std::to_string(pid) + "/task", gone};
  for (; !gone && task != fs::directory_iterator{}; task.increment(gone)) {
    auto name = read_proc(task->path() / "comm");
    if (!name.empty())
      result.insert(name.substr(0, name.size() - 1));
  }
  return result;
}

/// The state and the parent of a process, after its name in parentheses.
std::pair<char, pid_t> state_of(const fs::path& process) {
  auto stat = read_proc(process / "stat");
  std::istringstream rest{
    stat.substr(std::min(stat.rfind(')') + 1, stat.size()))};
  char state = 0;
  pid_t parent = 0;
  rest >> state >> parent;
  return {state, parent};
}

/// Without the loom, the main thread, the one for signals and the hung ones are
/// left. Threads that have done their work take a moment to end.
void await_end_of_threads(pid_t pid) {
  for (int i = 0; i < 200; ++i) {
    auto threads = threads_of(pid);
    auto others =
      std::count_if(threads.begin(), threads.end(), [](const std::string& x) {
        return !x.starts_with("hung-");
      });
    if (others <= 2)
      return;
    std::this_thread::sleep_for(1ms);
  }
}

} // namespace

std::vector<pid_t> processes_with(const std::string& entry, pid_t without) {
  std::vector<pid_t> result;
  for (const auto& process : fs::directory_iterator{"/proc"}) {
    auto pid = std::atoi(process.path().filename().c_str());
    if (pid <= 0 || pid == without)
      continue;
    auto environment =
      std::string(1, '\0') + read_proc(process.path() / "environ");
    auto marked = environment.find('\0' + entry + '\0') != std::string::npos;
    auto [state, parent] = state_of(process.path());
    if (marked || (state == 'Z' && parent == without))
      result.push_back(pid);
  }
  return result;
}

hostile_run::hostile_run(std::vector<std::string> guests,
                         const std::string& shell)
  : mark_("HOSTILE_RUN=" + folder_.path()),
    process_(command(shell, folder_.path(), std::move(guests)),
             {{"HOSTILE_RUN", folder_.path()}}) {
  read_until("ready");
  // A guest may have closed the loom before it said so.
  begun_ = clock::now();
}

hostile_run::~hostile_run() {
  for (auto pid : processes_with(mark_, ::getpid()))
    ::kill(pid, SIGKILL);
}

void hostile_run::send(int signal) {
  begun_ = earliest_ = clock::now();
  process_.send_signal(signal);
}

void hostile_run::read_until(const std::string& last) {
  for (;;) {
    auto line = process_.read_line();
    if (line == last)
      return;
    said_.push_back(std::move(line));
  }
}

outcome hostile_run::finish(bool in_loom) {
  outcome result;
  read_until("closed");
  result.said = std::move(said_);
  result.closed = clock::now();
  result.took = std::chrono::duration_cast<std::chrono::milliseconds>(
    result.closed - begun_);
  result.longest = result.closed - earliest_;
  await_end_of_threads(pid());
  for (const auto& thread : threads_of(pid()))
    (thread.starts_with("hung-") ? result.hung : result.threads).insert(thread);
  result.processes = processes_with(mark_, pid());
  process_.close_input();
  auto end = process_.wait(10s);
  result.code = end.code;
  result.err = std::move(end.err);
  result.report = test::parsed(test::read_file(folder_ / "report.json"));
  if (in_loom)
    CHECK(test::parsed(test::read_file(folder_ / "last_shutdown.json"))
          == result.report);
  return result;
}

outcome run_closing(const std::string& guest) {
  return hostile_run{{"worker", guest}}.finish();
}

outcome run_until_sigterm(std::vector<std::string> guests) {
  guests.insert(guests.begin(), "worker");
  hostile_run run{std::move(guests)};
  run.send(SIGTERM);
  return run.finish();
}

void check_truth(const outcome& x) {
  INFO(x.report.dump(2));
  INFO(x.err);
  CHECK(x.took <= closing_limit);
  auto total = x.report["total_ms"].get<double>();
  CHECK(total <= x.longest.count());
  CHECK(x.code == x.report["exit_code"]);
  auto in_order = x.hung.empty() && x.report["first_force_at_ms"].is_null();
  CHECK(x.code == (in_order ? 0 : 75));
  CHECK(x.processes.empty());
  auto abandoned = x.report["abandoned"].get<std::vector<std::string>>();
  CHECK(abandoned.size() == x.hung.size());
  for (const auto& thread : x.hung) {
    INFO(thread);
    CHECK(std::any_of(
      abandoned.begin(), abandoned.end(), [&](const std::string& name) {
        return name.ends_with(thread)
            || name.ends_with(thread.substr(std::string{"hung-"}.size()));
      }));
  }
  for (const auto& child : x.report["children"])
    if (child["ended"] == "abandoned")
      CHECK(std::find(abandoned.begin(), abandoned.end(), child["name"])
            != abandoned.end());
    else if (child["name"] == "root/workers/worker")
      CHECK(child["ended"] == "shutdown");
  if (x.hung.empty())
    CHECK(x.threads.size() <= 2);
}

} // namespace hololoom::hostile
