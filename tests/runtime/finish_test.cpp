#include "runtime/program.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <csignal>
#include <string>

// How a service's main ends, in a real process.

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

struct ending {
  process_result process;
  /// What the file has that was its standard output.
  std::string out;
};

ending end_of(const std::string& mode) {
  temporary_folder home;
  auto file = home / "out";
  ending result;
  result.process = run_process(
    {"/bin/bash", "-c",
     "exec timeout -s KILL 20 \"$program\" \"$0\" >\"$file\"", mode},
    {{"program", FINISHING_PROGRAM}, {"file", file}});
  result.out = read_file(file);
  return result;
}

const std::string destroyed = "static objects are destroyed\n";

} // namespace

TEST_CASE("a report with something abandoned ends the program at once, and "
          "nothing that it printed is lost") {
  auto [process, out] = end_of("abandoned");
  CHECK(process.code == 75);
  CHECK(contains(out, "by iostreams\n"));
  CHECK(contains(out, "by stdio\n"));
  CHECK_FALSE(contains(out, destroyed));
  CHECK(contains(process.err, "closed (the end) with exit code 75\n"));
  CHECK(contains(process.err, "root/workers/stubborn was abandoned while "));
}

TEST_CASE("an error ends the program with its sentence and its exit code") {
  auto [process, out] = end_of("error");
  CHECK(process.code == 73);
  CHECK(contains(out, "by iostreams\n"));
  CHECK(contains(out, "by stdio\n"));
  CHECK(out.ends_with(destroyed));
  CHECK(process.err == "the directory is in use\n");
}

TEST_CASE("a service whose loom fails ends without a signal") {
  auto [process, out] = end_of("failed");
  // Its buffer went with the root, or was killed: it had no flush.
  CHECK((process.code == 74 || process.code == 75));
  CHECK(contains(process.err, "closed (the loom failed: "));
  CHECK(contains(process.err, ") with exit code "));
}

TEST_CASE("the second signal ends a service that would use its whole grace") {
  process service{{FINISHING_PROGRAM, "stubborn"}};
  while (service.read_line(20s) != "ready")
    continue;
  service.send_signal(SIGTERM);
  CHECK(service.read_line(20s) == "told to end");
  service.send_signal(SIGTERM);
  auto result = service.wait(20s);
  CHECK(result.code == 75);
  CHECK(contains(result.err, "closed (SIGTERM) with exit code 75\n"));
  CHECK(contains(result.err, "root/workers/stubborn was abandoned while "));
}
