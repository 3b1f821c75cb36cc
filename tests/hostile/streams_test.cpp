#include "hostile/hostile_run.hpp"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

// Standard streams that are closed, full, or in non-blocking mode.

using namespace hololoom;
using namespace hololoom::hostile;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

/// A pipe with a name, for a shell to redirect to.
class named_pipe {
public:
  explicit named_pipe(std::string path) : path_(std::move(path)) {
    ::mkfifo(path_.c_str(), 0666);
    // The end for reading keeps the pipe open, and reads only when asked.
    reader_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    // Not closed on exec: the program inherits it.
    writer_ = ::open(path_.c_str(), O_WRONLY | O_NONBLOCK);
  }
  ~named_pipe() {
    ::close(reader_);
    close_writer();
  }
  named_pipe(const named_pipe&) = delete;
  named_pipe& operator=(const named_pipe&) = delete;

  void fill() const {
    for (const std::string block(4096, 'x');
         ::write(writer_, block.data(), block.size()) > 0;)
      continue;
  }

  /// Appends what is in the pipe.
  /// @returns `false` at its end.
  bool read(std::string& text) const {
    std::string buffer(4096, '\0');
    auto size = ::read(reader_, buffer.data(), buffer.size());
    if (size > 0)
      text.append(buffer, 0, static_cast<std::size_t>(size));
    return size != 0;
  }

  void close_writer() {
    if (writer_ >= 0)
      ::close(writer_);
    writer_ = -1;
  }

  const std::string& path() const { return path_; }
  int writer() const { return writer_; }

private:
  std::string path_;
  int reader_ = -1;
  int writer_ = -1;
};

std::string episodes(int count) {
  std::string result;
  for (int i = 0; i < count; ++i)
    result += R"({"id": "e)" + std::to_string(i)
            + R"(", "query_text": "q", "response": "an answer", )"
              R"("tool_used": "answer", "confidence": 0.5, )"
              R"("feedback": {"rating": 4}})"
              "\n";
  return result;
}

std::vector<std::string> in_shell(const std::string& shell,
                                  std::vector<std::string> command) {
  command.insert(command.begin(), {"/bin/bash", "-c", shell});
  return command;
}

/// Which of the descriptors 0, 1 and 2 are closed.
struct closed_streams {
  explicit closed_streams(int bits)
    : in((bits & 1) != 0), out((bits & 2) != 0), err((bits & 4) != 0) {}

  std::string shell() const {
    return std::string{"exec \"$0\" \"$@\""} + (in ? " <&-" : "")
         + (out ? " >&-" : "") + (err ? " 2>&-" : "");
  }

  bool in;
  bool out;
  bool err;
};

/// Waits until the program has the data directory.
void await_owner(const program& hololoom) {
  for (int i = 0; i < 10'000; ++i) {
    if (!read_file(hololoom.data() + "/lock").empty())
      return;
    std::this_thread::sleep_for(1ms);
  }
  throw std::runtime_error{"the program does not open its data directory"};
}

} // namespace

// -- closed ---------------------------------------------------------------------

TEST_CASE("a result that has no standard output is an error") {
  closed_streams closed{GENERATE(range(0, 8))};
  program hololoom;
  auto x = run_process(
    in_shell(closed.shell(), hololoom.command({"metrics", "--data",
                                               hololoom.data(), "--json"})),
    hololoom.environment());
  INFO(closed.shell() << x.err);
  CHECK(x.code == (closed.out ? 74 : 0));
  CHECK(x.out.empty() == closed.out);
  CHECK(x.err.empty() == (closed.err || !closed.out));
}

TEST_CASE("a closed standard input is at its end, an open one is waited for") {
  closed_streams closed{GENERATE(range(0, 8))};
  INFO(closed.shell());
  program hololoom;
  process import{
    in_shell(closed.shell(), hololoom.command({"episodes", "import", "-",
                                               "--data", hololoom.data()})),
    hololoom.environment()};
  if (!closed.in) {
    await_owner(hololoom);
    // Nothing that the program opens becomes one of its streams.
    for (auto stream : {1, 2}) {
      std::error_code ec;
      auto file =
        std::filesystem::read_symlink("/proc/" + std::to_string(import.pid())
                                        + "/fd/" + std::to_string(stream),
                                      ec);
      if (stream == 1 ? closed.out : closed.err)
        CHECK(file == "/dev/null");
    }
    import.send_signal(SIGTERM);
  }
  CHECK(import.wait(10s).code == (closed.in ? 0 : 143));
}

// -- non-blocking ---------------------------------------------------------------

TEST_CASE("a slow reader of a non-blocking pipe gets every line") {
  constexpr int count = 3'000;
  program hololoom;
  REQUIRE(hololoom
            .run({"episodes", "import", "-", "--data", hololoom.data()},
                 episodes(count))
            .code
          == 0);
  named_pipe pipe{hololoom.home() / "pipe"};
  process list{in_shell("exec \"$0\" \"$@\" >&" + std::to_string(pipe.writer()),
                        hololoom.command(
                          {"episodes", "--json", "--data", hololoom.data()})),
               hololoom.environment()};
  pipe.close_writer();
  std::string text;
  while (pipe.read(text))
    std::this_thread::sleep_for(100us);
  auto x = list.wait();
  INFO(x.err);
  CHECK(x.code == 0);
  CHECK(parsed_lines(text).size() == count);
}

TEST_CASE("a non-blocking standard input is read to its end") {
  program hololoom;
  named_pipe pipe{hololoom.home() / "pipe"};
  ::fcntl(pipe.writer(), F_SETFD, FD_CLOEXEC);
  auto reading = ::open(pipe.path().c_str(), O_RDONLY | O_NONBLOCK);
  process import{in_shell("exec \"$0\" \"$@\" <&" + std::to_string(reading),
                          hololoom.command({"episodes", "import", "-", "--data",
                                            hololoom.data()})),
                 hololoom.environment()};
  ::close(reading);
  auto line = episodes(1);
  CHECK(::write(pipe.writer(), line.data(), line.size()) > 0);
  import.read_line();
  pipe.close_writer();
  CHECK(import.wait(10s).code == 0);
}

// -- full -------------------------------------------------------------------------

TEST_CASE("a result that nobody reads does not keep the program from ending") {
  program hololoom;
  REQUIRE(hololoom
            .run({"episodes", "import", "-", "--data", hololoom.data()},
                 episodes(100))
            .code
          == 0);
  named_pipe pipe{hololoom.home() / "pipe"};
  pipe.fill();
  process list{in_shell("exec \"$0\" \"$@\" >" + pipe.path(),
                        hololoom.command(
                          {"episodes", "--json", "--data", hololoom.data()})),
               hololoom.environment()};
  await_owner(hololoom);
  list.send_signal(SIGTERM);
  CHECK(list.wait(10s).code == 143);
}

TEST_CASE("a log that nobody reads does not keep a loom open") {
  temporary_folder folder;
  named_pipe pipe{folder / "pipe"};
  pipe.fill();
  hostile_run run{{"worker", "hung-actor"},
                  "exec \"$0\" \"$@\" 2>" + pipe.path()};
  run.send(SIGTERM);
  check_truth(run.finish());
}

TEST_CASE("a log that cannot be written does not keep a loom open") {
  auto shell = GENERATE(R"(exec "$0" "$@" 2>/dev/full)",
                        R"(export HOSTILE_LOG=/dev/full; exec "$0" "$@")");
  INFO(shell);
  hostile_run run{{"worker", "hung-actor"}, shell};
  run.send(SIGTERM);
  check_truth(run.finish());
}
