#include "hostile/hostile_run.hpp"

#include <csignal>
#include <filesystem>
#include <set>
#include <unistd.h>

// Few threads and few descriptors.

using namespace hololoom;
using namespace hololoom::hostile;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

/// The table of the exit codes, without those for signals; 127 is the dynamic
/// linker's, which finds no library without a descriptor.
bool is_known(int code) {
  static const std::set<int> codes{0, 64, 65, 69, 70, 73, 74, 75, 127};
  return codes.count(code) > 0;
}

/// Threads are counted for each user, and root's are not: another user, whose
/// threads are these alone.
std::string other_user() {
  auto id = std::to_string(100'000 + ::getpid() % 100'000);
  return "setpriv --reuid " + id + " --regid " + id + " --clear-groups ";
}

std::string as_other_user(const std::string& limits) {
  return limits + "; exec " + other_user() + R"("$0" "$@")";
}

/// A folder for everyone, so that the other user may write to it.
void open_to_all(const std::string& folder) {
  std::filesystem::permissions(folder, std::filesystem::perms::all);
}

std::string text_file(const temporary_folder& folder, int i) {
  auto number = std::to_string(i);
  return folder.write("texts/" + number + ".txt", "File " + number
                                                    + " is about the number "
                                                    + number + ".\n");
}

/// Lowers a limit of a running process, on behalf of its user.
void lower(pid_t pid, const std::string& user, const std::string& limit) {
  auto x =
    run_process({"/bin/bash", "-c",
                 user + "prlimit --pid " + std::to_string(pid) + " " + limit});
  INFO(x.err);
  REQUIRE(x.code == 0);
}

} // namespace

TEST_CASE("however few threads there are, a command works or says why") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can run as another user");
    return;
  }
  program hololoom;
  open_to_all(hololoom.home().path());
  auto file = text_file(hololoom.home(), 1);
  auto worked = 0;
  for (int most = 1; most <= 30; ++most) {
    for (const auto& command : std::vector<std::vector<std::string>>{
           {"remember", file, "--data", hololoom.data()},
           {"weave", "what is 6 * 7", "--data", hololoom.data()}}) {
      auto argv = hololoom.command(command);
      argv.insert(argv.begin(),
                  {"/bin/bash", "-c",
                   as_other_user("ulimit -u " + std::to_string(most))});
      process run{argv, hololoom.environment()};
      run.close_input();
      auto x = run.wait(10s);
      INFO(command.front() << " with " << most << ": " << x.code << ", "
                           << x.signal << ": " << x.err);
      CHECK(x.signal == 0);
      CHECK(is_known(x.code));
      if (x.code == 0)
        ++worked;
      else
        CHECK_FALSE(x.err.empty());
    }
  }
  CHECK(worked > 0);
}

TEST_CASE("a loom that can have no more threads closes like any other") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can run as another user");
    return;
  }
  auto guest = GENERATE("worker", "hung-thread");
  INFO(guest);
  hostile_run run{{guest}, as_other_user("true")};
  lower(run.pid(), other_user(), "--nproc=1:1");
  run.send(SIGTERM);
  check_truth(run.finish());
}

TEST_CASE("however few descriptors there are, nothing is left out in silence") {
  program hololoom;
  std::vector<std::string> command{"remember", "--json", "--data",
                                   hololoom.data()};
  for (int i = 0; i < 5; ++i)
    command.push_back(text_file(hololoom.home(), i));
  for (int most = 3; most <= 24; ++most) {
    auto argv = hololoom.command(command);
    argv.insert(argv.begin(),
                {"/bin/bash", "-c",
                 "ulimit -n " + std::to_string(most) + "; exec \"$0\" \"$@\""});
    process run{argv, hololoom.environment()};
    run.close_input();
    auto x = run.wait(10s);
    INFO(most << ": " << x.code << ", " << x.signal << ": " << x.err);
    CHECK(x.signal == 0);
    CHECK(is_known(x.code));
    if (x.code == 0)
      CHECK(parsed(x.out)["files"] == 5);
    else
      CHECK_FALSE(x.err.empty());
  }
}

TEST_CASE(
  "a loom that can open no more files closes, and says what it lacked") {
  program hololoom;
  process import{
    hololoom.command({"episodes", "import", "-", "--data", hololoom.data()}),
    hololoom.environment()};
  import.write(R"({"id": "e", "query_text": "q", "response": "r", )"
               R"("tool_used": "answer", "confidence": 0.5, )"
               R"("feedback": {"rating": 4}})"
               "\n");
  import.read_line();
  lower(import.pid(), "", "--nofile=3:3");
  import.send_signal(SIGTERM);
  auto x = import.wait(10s);
  INFO(x.err);
  // Its files that are open are closed well; a new one is an error.
  CHECK(x.code == 74);
  CHECK(contains(x.err, "the flush failed"));
  CHECK(contains(x.err, "Too many open files"));
}

TEST_CASE("a user without a home is told to name a data directory") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can run as another user");
    return;
  }
  program hololoom;
  open_to_all(hololoom.home().path());
  auto shell = as_other_user("cd " + hololoom.home().path()
                             + "; unset HOME XDG_DATA_HOME");
  auto argv = hololoom.command({"metrics"});
  argv.insert(argv.begin(), {"/bin/bash", "-c", shell});
  auto x = run_process(argv);
  INFO(x.err);
  CHECK(x.code == 73);
  CHECK(contains(x.err, "--data"));
  CHECK(std::filesystem::is_empty(hololoom.home().path()));
}
