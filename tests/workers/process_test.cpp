#include "real_fixture.hpp"
#include "support/process.hpp"

#include <hololoom/actors/workers/process/process_worker.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

// -- what the child processes do ----------------------------------------------

int say(process_context ctx) {
  std::cout << "out of " << ctx.name() << "\n";
  for (const auto& x : ctx.arguments())
    std::cout << "argument " << x << "\n";
  const auto* value = std::getenv("WORKER_TEST");
  std::cerr << "WORKER_TEST=" << (value ? value : "") << "\n";
  std::cout << "no line end" << std::flush;
  return 0;
}

int fail(process_context ctx) {
  std::cerr << "first line\nthe yarn is gone\n";
  return std::stoi(ctx.arguments().at(0));
}

int throw_up(process_context) {
  throw std::runtime_error("no shuttle");
}

int dump(process_context) {
  rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  // Sanitizers would report it first.
  std::signal(SIGSEGV, SIG_DFL);
  std::cerr << "about to fall\n";
  raise(SIGSEGV);
  return 0;
}

/// Becomes another program.
int become(process_context ctx) {
  std::vector<char*> words;
  for (const auto& x : ctx.arguments())
    words.push_back(const_cast<char*>(x.c_str()));
  words.push_back(nullptr);
  execv(words.front(), words.data());
  return 127;
}

int hang(process_context) {
  std::cout << "hanging" << std::endl;
  for (;;)
    pause();
}

int obey(process_context ctx) {
  auto stop = ctx.stop_token();
  std::cout << "ready" << std::endl;
  while (!stop.stop_requested())
    std::this_thread::sleep_for(1ms);
  std::cout << "cleaned up" << std::endl;
  return 0;
}

int ignore(process_context) {
  std::signal(SIGTERM, SIG_IGN);
  std::cout << "ignoring" << std::endl;
  for (;;)
    pause();
}

int flood(process_context ctx) {
  std::string line(99, 'x');
  for (int i = std::stoi(ctx.arguments().at(0)); i > 0; --i)
    std::cout << line << '\n';
  return 0;
}

/// Says what it inherited.
int inherit(process_context) {
  for (int fd = 3; fd < 1000; ++fd)
    if (fcntl(fd, F_GETFD) >= 0) {
      char target[256] = {};
      auto path = "/proc/self/fd/" + std::to_string(fd);
      [[maybe_unused]] auto n = readlink(path.c_str(), target, 255);
      std::cout << "descriptor " << fd << " " << target << "\n";
    }
  sigset_t blocked;
  sigprocmask(SIG_BLOCK, nullptr, &blocked);
  std::cout << "TERM " << (sigismember(&blocked, SIGTERM) ? "blocked" : "open")
            << "\nPIPE "
            << (std::signal(SIGPIPE, SIG_DFL) == SIG_IGN ? "ignored"
                                                         : "default")
            << "\ngroup " << (getpgrp() == getpid() ? "own" : "parent's")
            << "\ninput " << (std::cin.get() == EOF ? "empty" : "not empty")
            << std::endl;
  return 0;
}

/// Starts a process of its own that ignores SIGTERM, by hand.
int breed(process_context) {
  // Before the fork: SIGTERM may come as soon as the parent has told the pid.
  std::signal(SIGTERM, SIG_IGN);
  auto pid = fork();
  if (pid == 0)
    for (;;)
      pause();
  std::signal(SIGTERM, SIG_DFL);
  std::cout << pid << std::endl;
  for (;;)
    pause();
}

int leave(process_context) {
  auto pid = fork();
  if (pid == 0)
    for (;;)
      pause();
  std::cout << pid << std::endl;
  return 0;
}

/// Takes much memory, so that its end takes time.
void grow() {
  constexpr std::size_t size = 96 << 20;
  auto* memory = static_cast<char*>(std::malloc(size));
  for (std::size_t i = 0; i < size; i += 4096)
    const_cast<volatile char*>(memory)[i] = 1;
}

/// Holds a lock, and fails if another process does. With "family", an orphan
/// holds it as well, and never ends by itself.
int hold(process_context ctx) {
  auto fd = open(ctx.arguments().at(0).c_str(), O_RDWR | O_CREAT, 0600);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    std::cout << "the lock is held" << std::endl;
    return 3;
  }
  if (ctx.arguments().at(1) == "family") {
    int grown[2];
    if (pipe(grown) != 0)
      return 4;
    if (fork() == 0) {
      auto is_child = fork() != 0;
      grow();
      [[maybe_unused]] auto n = write(grown[1], "x", 1);
      if (is_child)
        _exit(0);
      for (;;)
        pause();
    }
    char byte = 0;
    for (int i = 0; i < 2; ++i)
      [[maybe_unused]] auto n = read(grown[0], &byte, 1);
  } else {
    grow();
  }
  std::cout << getpid() << std::endl;
  if (ctx.arguments().size() > 2)
    return 0;
  for (;;)
    pause();
}

/// Stands in for the first line of a `main`, which here is Catch's.
const bool hooked = [] {
  register_process_function("say", say);
  register_process_function("fail", fail);
  register_process_function("throw", throw_up);
  register_process_function("become", become);
  register_process_function("dump", dump);
  register_process_function("hang", hang);
  register_process_function("obey", obey);
  register_process_function("ignore", ignore);
  register_process_function("flood", flood);
  register_process_function("inherit", inherit);
  register_process_function("breed", breed);
  register_process_function("leave", leave);
  register_process_function("hold", hold);
  std::stringstream all{read_file("/proc/self/cmdline")};
  std::vector<std::string> words;
  for (std::string word; std::getline(all, word, '\0');)
    words.push_back(word);
  std::vector<char*> argv;
  for (auto& word : words)
    argv.push_back(word.data());
  if (auto code =
        run_if_child_process(static_cast<int>(argv.size()), argv.data())) {
    std::cout.flush();
    _exit(*code);
  }
  return true;
}();

// -- what the tests see of it -------------------------------------------------

struct transcript {
  std::mutex mutex;
  std::vector<std::string> out;
  std::vector<std::string> err;

  void add(const process_output& x) {
    std::lock_guard guard{mutex};
    (x.from == process_output::stream::out ? out : err).emplace_back(x.line);
  }
  bool said(const std::string& line) {
    std::lock_guard guard{mutex};
    return std::find(out.begin(), out.end(), line) != out.end();
  }
  std::string first() {
    std::lock_guard guard{mutex};
    return out.empty() ? "" : out.front();
  }
};

struct process_fixture : real_fixture {
  started_worker run(const std::string& function,
                     std::vector<std::string> arguments = {}) {
    process_options options;
    options.function = function;
    options.arguments = std::move(arguments);
    return run(options);
  }

  started_worker run(process_options options) {
    options.on_output = [t = said](const process_output& x) {
      t->add(x);
    };
    return start(background::process("x", std::move(options)));
  }

  std::shared_ptr<transcript> said = std::make_shared<transcript>();
};

/// Whether a process of that number runs; a zombie does not.
bool runs(pid_t pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string number;
  std::string name;
  std::string state;
  return (file >> number >> name >> state) && state != "Z" && state != "X";
}

const auto user_shutdown = caf::make_error(caf::exit_reason::user_shutdown);

} // namespace

TEST_CASE_METHOD(process_fixture,
                 "a process function runs in a process of its own, with its "
                 "arguments, and its output arrives") {
  process_options options;
  options.function = "say";
  options.arguments = {"one", "two words", ""};
  options.environment = {{"WORKER_TEST", "väl=ue"}};
  auto x = run(options);
  CHECK_FALSE(await_end(x));
  CHECK(said->out
        == std::vector<std::string>{"out of say", "argument one",
                                    "argument two words", "argument ",
                                    "no line end"});
  CHECK(said->err == std::vector<std::string>{"WORKER_TEST=väl=ue"});
}

TEST_CASE_METHOD(process_fixture, "an exit code other than 0 is an error that "
                                  "says it, with the last words") {
  auto reason = await_end(run("fail", {"3"}));
  CHECK(is(reason, errc::crashed));
  CHECK(explain(reason).find("exit code 3") != std::string::npos);
  CHECK(explain(reason).find("the yarn is gone") != std::string::npos);
}

TEST_CASE_METHOD(process_fixture, "an exception in a process is an error that "
                                  "says it") {
  auto reason = await_end(run("throw"));
  CHECK(is(reason, errc::crashed));
  CHECK(explain(reason).find("no shuttle") != std::string::npos);
}

TEST_CASE_METHOD(process_fixture, "a process can become another program") {
  SECTION("which ends by itself") {
    auto reason = await_end(
      run("become", {"/bin/sh", "-c", "echo here; echo why >&2; exit 3"}));
    CHECK(said->said("here"));
    CHECK(explain(reason).find("exit code 3") != std::string::npos);
    CHECK(explain(reason).find("why") != std::string::npos);
  }
  SECTION("which is told to end") {
    auto x = run("become", {"/bin/sh", "-c", "echo here; exec sleep 1000"});
    CHECK(eventually([&] { return said->said("here"); }));
    x.stop();
    CHECK(await_end(x) == caf::make_error(caf::exit_reason::user_shutdown));
  }
}

TEST_CASE_METHOD(process_fixture, "a crash is an error that says the signal") {
  auto reason = await_end(run("dump"));
  CHECK(is(reason, errc::crashed));
  CHECK(explain(reason).find("SIGSEGV") != std::string::npos);
  CHECK(explain(reason).find("about to fall") != std::string::npos);
}

TEST_CASE("an end by core dump is described as such") {
  detail::process_end x;
  x.signal = SIGABRT;
  x.core_dumped = true;
  CHECK(detail::describe(x) == "the process was ended by SIGABRT, core dumped");
}

TEST_CASE_METHOD(process_fixture,
                 "a process that is told to end gets SIGTERM") {
  auto x = run("hang");
  REQUIRE(eventually([&] { return said->said("hanging"); }));
  auto note = x.probe->doing();
  REQUIRE(note);
  CHECK(note->what.find("runs 'hang'") != std::string::npos);
  CHECK(x.probe->can_be_killed());
  x.stop();
  CHECK(await_end(x) == user_shutdown);
  CHECK_FALSE(has_children());
}

TEST_CASE_METHOD(process_fixture, "a process that asks for its stop token "
                                  "cleans up on SIGTERM") {
  auto x = run("obey");
  REQUIRE(eventually([&] { return said->said("ready"); }));
  x.stop();
  CHECK(await_end(x) == user_shutdown);
  CHECK(said->said("cleaned up"));
}

TEST_CASE_METHOD(process_fixture, "a process that ignores SIGTERM is ended by "
                                  "force") {
  auto x = run("ignore");
  REQUIRE(eventually([&] { return said->said("ignoring"); }));
  auto note = x.probe->doing();
  REQUIRE(note);
  auto pid = std::stoi(note->what.substr(std::strlen("process ")));
  x.stop();
  std::this_thread::sleep_for(50ms);
  CHECK(runs(pid));
  SECTION("by its probe") {
    x.probe->force();
    CHECK(is(await_end(x), errc::crashed));
  }
  SECTION("by the end of its actor") {
    x.kill();
    CHECK(await_end(x) == caf::make_error(caf::exit_reason::kill));
  }
  CHECK(eventually([&] { return !has_children(); }));
  CHECK_FALSE(runs(pid));
}

TEST_CASE_METHOD(process_fixture,
                 "a process that is told to end at once ends, started or not") {
  for (int i = 0; i < 20; ++i) {
    auto x = run("hang");
    x.stop();
    CHECK(await_end(x) == user_shutdown);
    auto y = run("hang");
    y.kill();
    CHECK(await_end(y) == caf::make_error(caf::exit_reason::kill));
  }
  CHECK(eventually([&] { return !has_children(); }));
}

TEST_CASE_METHOD(
  process_fixture,
  "a process inherits no descriptors, input or signal settings") {
  // What other code forgot to mark close-on-exec.
  int leaky[2];
  REQUIRE(pipe(leaky) == 0);
  sigset_t term;
  sigset_t before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &term, &before);
  auto* handler = std::signal(SIGPIPE, SIG_IGN);
  SECTION("in a group of its own") {
    CHECK_FALSE(await_end(run("inherit")));
    CHECK(said->out
          == std::vector<std::string>{"TERM open", "PIPE default", "group own",
                                      "input empty"});
  }
  SECTION("in that of its parent") {
    process_options options;
    options.function = "inherit";
    options.own_group = false;
    CHECK_FALSE(await_end(run(options)));
    CHECK(said->said("group parent's"));
  }
  std::signal(SIGPIPE, handler);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  close(leaky[0]);
  close(leaky[1]);
}

TEST_CASE_METHOD(process_fixture,
                 "processes started by a process end with it") {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  auto reap = [](pid_t pid) {
    int status = 0;
    // One whose own parent is still dying is not our child yet.
    REQUIRE(eventually([&] { return waitpid(pid, &status, WNOHANG) == pid; }));
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGKILL);
  };
  SECTION("when it is told to") {
    auto x = run("breed");
    REQUIRE(eventually([&] { return !said->first().empty(); }));
    x.stop();
    CHECK(await_end(x) == user_shutdown);
    reap(std::stoi(said->first()));
  }
  SECTION("when it ends by itself") {
    CHECK_FALSE(await_end(run("leave")));
    reap(std::stoi(said->first()));
  }
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_CASE_METHOD(process_fixture,
                 "a worker ends after the last process of its group, and a "
                 "lock of theirs is free") {
  temporary_folder folder;
  auto lock = folder / "lock";
  auto is_free = [&] {
    auto fd = open(lock.c_str(), O_RDWR | O_CLOEXEC);
    auto result = flock(fd, LOCK_EX | LOCK_NB) == 0;
    close(fd);
    return result;
  };
  auto started = [&] {
    REQUIRE(eventually([&] { return !said->first().empty(); }));
    CHECK_FALSE(is_free());
    return std::stoi(said->first());
  };
  SECTION("when it is killed") {
    auto x = run("hold", {lock, "alone"});
    started();
    x.kill();
    CHECK(await_end(x) == caf::make_error(caf::exit_reason::kill));
  }
  SECTION("when it is killed and others of its group outlive it") {
    auto x = run("hold", {lock, "family"});
    started();
    x.kill();
    CHECK(await_end(x) == caf::make_error(caf::exit_reason::kill));
  }
  SECTION("when it ends by itself and others of its group outlive it") {
    CHECK_FALSE(await_end(run("hold", {lock, "family", "return"})));
  }
  SECTION("when its on_output throws") {
    process_options options;
    options.function = "hold";
    options.arguments = {lock, "family"};
    options.on_output = [](const process_output&) {
      throw std::runtime_error("deaf");
    };
    CHECK(
      is(await_end(start(background::process("x", options))), errc::crashed));
  }
  SECTION("when it is stopped by a signal and told to end") {
    auto x = run("hold", {lock, "family"});
    kill(started(), SIGSTOP);
    x.stop();
    CHECK(await_end(x) == user_shutdown);
  }
  SECTION("when it is stopped by a signal and killed") {
    auto x = run("hold", {lock, "family"});
    kill(started(), SIGSTOP);
    x.kill();
    CHECK(await_end(x) == caf::make_error(caf::exit_reason::kill));
  }
  CHECK(is_free());
  CHECK_FALSE(has_children());
}

TEST_CASE_METHOD(
  process_fixture,
  "a flood of output arrives to its last line, and fills no memory") {
  CHECK_FALSE(await_end(run("flood", {"50000"})));
  CHECK(said->out.size() == 50'000);
}

TEST_CASE_METHOD(process_fixture,
                 "a flood of output without a reader ends as well") {
  process_options options;
  options.function = "flood";
  options.arguments = {"50000"};
  CHECK_FALSE(await_end(start(background::process("x", options))));
}

TEST_CASE_METHOD(
  process_fixture,
  "a slow on_output slows the process down, and one that throws ends it") {
  process_options options;
  options.function = "flood";
  options.arguments = {"20000"};
  std::atomic<int> heard = 0;
  options.on_output = [&](const process_output&) {
    if (++heard % 1000 == 0)
      std::this_thread::sleep_for(5ms);
  };
  CHECK_FALSE(await_end(start(background::process("x", options))));
  CHECK(heard == 20'000);
  options.on_output = [](const process_output&) {
    throw std::runtime_error("deaf");
  };
  auto reason = await_end(start(background::process("y", options)));
  CHECK(is(reason, errc::crashed));
  CHECK(explain(reason).find("deaf") != std::string::npos);
  CHECK(eventually([&] { return !has_children(); }));
}

TEST_CASE("lines are cut as they come") {
  detail::line_cutter cutter{5};
  std::vector<std::string> lines;
  auto add = [&](std::string_view x) {
    lines.emplace_back(x);
  };
  for (auto* part : {"a", "b\ncd\r\n", "\n", "toolong", "er\nlast"})
    cutter.add(part, add);
  cutter.finish(add);
  cutter.finish(add);
  CHECK(lines == std::vector<std::string>{"ab", "cd", "", "toolo", "last"});
}

TEST_CASE_METHOD(
  process_fixture,
  "an unregistered function is refused with the registered names") {
  process_options options;
  options.function = "sya";
  auto r = start_bare(system, background::process("x", options));
  REQUIRE(r.how == start_result::outcome::failed);
  CHECK(is(r.reason, errc::invalid_spec));
  CHECK(explain(r.reason).find("'sya'") != std::string::npos);
  CHECK(explain(r.reason).find("say") != std::string::npos);
  options.function = "";
  r = start_bare(system, background::process("x", options));
  REQUIRE(r.how == start_result::outcome::failed);
  CHECK(is(r.reason, errc::invalid_spec));
  CHECK(explain(r.reason).find("it needs the name of a process function")
        != std::string::npos);
}

TEST_CASE_METHOD(process_fixture,
                 "processes leave no thread, no descriptor and "
                 "no zombie") {
  CHECK_FALSE(await_end(run("say")));
  auto threads = threads_here() - 1; // the watcher may be about to end
  auto descriptors = descriptors_here();
  int bad = 0;
  for (int i = 0; i < 50; ++i) {
    std::vector<started_worker> all;
    for (int j = 0; j < 4; ++j)
      all.push_back(run("hang"));
    for (const auto& x : all)
      x.stop();
    for (const auto& x : all)
      bad += await_end(x) == user_shutdown ? 0 : 1;
  }
  CHECK(bad == 0);
  CHECK_FALSE(has_children());
  CHECK(eventually([&] { return threads_here() <= threads + 1; }));
  CHECK(eventually([&] { return descriptors_here() <= descriptors; }));
}

TEST_CASE("a parent that is killed leaves no process behind") {
  // So that orphans are seen, and reaped, here.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  process parent{{PROCESS_TREE_PROGRAM}};
  // Its own, three workers, one of which has a worker itself.
  std::map<std::string, pid_t> pids;
  while (pids.size() < 4) {
    std::istringstream line{parent.read_line()};
    std::string name;
    pid_t pid = 0;
    if (line >> name >> pid)
      pids[name] = pid;
  }
  for (const auto& [name, pid] : pids) {
    INFO(name);
    CHECK(runs(pid));
  }
  parent.send_signal(SIGKILL);
  CHECK(parent.wait().signal == SIGKILL);
  for (const auto& [name, worker] : pids) {
    INFO(name);
    const pid_t pid = worker; // clang 14 captures no structured binding
    int status = 0;
    // One whose own parent is still dying is not our child yet.
    REQUIRE(eventually([&] { return waitpid(pid, &status, WNOHANG) == pid; }));
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGKILL);
  }
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_CASE("the error for a main without the hook says so") {
  auto result = run_process({PROCESS_TREE_PROGRAM, "no-hook"});
  CHECK(result.code == 0);
  CHECK(result.out.find("run_if_child_process") != std::string::npos);
}

TEST_CASE("a child whose parent is not the expected one ends at once") {
  auto result = run_process(
    {PROCESS_TREE_PROGRAM, "--hololoom-process-worker", "sleep", "1"});
  CHECK(result.code == 70);
}
