#include "runtime/program.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>

// Standard streams and logs that take nothing, in real processes.

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

/// Makes descriptor 9 a full pipe without a reader.
const std::string full_pipe = R"(
  mkfifo "$HOME/pipe"
  exec 9<>"$HOME/pipe"
  head -c 65536 /dev/zero >&9
)";

/// Sends SIGTERM to process `$pid` once it waits for descriptor 1 or 2, and
/// kills it if that does not end it within ten seconds. Prints its exit code.
const std::string end_it = R"(
  for i in {1..2000}; do
    read -r call first rest < /proc/$pid/syscall || break
    [[ $call == 7 || "$call $first" == "1 0x1" ]] && break
    sleep 0.01
  done
  kill -TERM $pid
  for i in {1..1000}; do
    kill -0 $pid 2>/dev/null || break
    sleep 0.01
  done
  kill -KILL $pid 2>/dev/null
  wait $pid
  echo "ended with $?"
)";

} // namespace

TEST_CASE("a log that takes nothing stops neither a restart nor the end of a "
          "process") {
  auto mode = GENERATE(as<std::string>{}, "blocked", "full", "file");
  INFO(mode);
  process noisy{{NOISY_PROGRAM, mode}};
  REQUIRE(noisy.read_line(20s) == "ready");
  noisy.send_signal(SIGTERM);
  auto result = noisy.wait(10s);
  CHECK(result.code == 0);
  auto report = parsed(result.out);
  CHECK(report["total_ms"].get<double>() < 5'500);
  CHECK(report["abandoned"] == json::array());
  auto log = std::find_if(report["phases"].begin(), report["phases"].end(),
                          [](const json& x) { return x["name"] == "log"; });
  REQUIRE(log != report["phases"].end());
  CHECK(contains((*log)["error"].get<std::string>(), "lines that were lost: "));
}

TEST_CASE("an error message for a standard error that takes nothing keeps "
          "nobody waiting") {
  program hololoom;
  auto result = hololoom.shell(full_pipe + R"(
    timeout -s KILL 20 $hololoom weave "what is 6 * 7" --data /proc/none 2>&9
    echo "ended with $?"
    timeout -s KILL 20 $hololoom weave "what is 6 * 7" --data /proc/none 2>/dev/full
    echo "ended with $?"
  )");
  CHECK(result.out == "ended with 73\nended with 73\n");
}

TEST_CASE("SIGTERM ends a program whose result nobody reads") {
  program hololoom;
  auto result = hololoom.shell(full_pipe + R"(
    $hololoom weave "what is 6 * 7" >&9 & pid=$!
  )" + end_it);
  INFO(result.err);
  CHECK(result.out == "ended with 143\n");
  CHECK(contains(result.err, "cannot write the result"));
}
