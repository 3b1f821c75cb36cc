#include "hostile/hostile_run.hpp"

#include <csignal>
#include <filesystem>

// Signals in a real process, and the report of one that had none.

using namespace hololoom;
using namespace hololoom::hostile;
using namespace hololoom::test;

namespace {

constexpr auto episode =
  R"({"id": "e1", "query_text": "q", "response": "r", "tool_used": "answer", )"
  R"("confidence": 0.5, "feedback": {"rating": 4}})"
  "\n";

/// `hololoom episodes import -` once it has stored an episode.
struct waiting_import {
  explicit waiting_import(const program& hololoom)
    : process(
      hololoom.command({"episodes", "import", "-", "--data", hololoom.data()}),
      hololoom.environment()) {
    process.write(episode);
    process.read_line();
  }

  test::process process;
};

json report_of(const program& hololoom) {
  return parsed(read_file(hololoom.data() + "/last_shutdown.json"));
}

} // namespace

TEST_CASE("SIGHUP closes the program in order, with 129") {
  program hololoom;
  waiting_import import{hololoom};
  import.process.send_signal(SIGHUP);
  CHECK(import.process.wait().code == 129);
  CHECK(report_of(hololoom)["reason"] == "SIGHUP");
  CHECK(report_of(hololoom)["exit_code"] == 0);
}

TEST_CASE("SIGHUP closes a loom like any other signal") {
  hostile_run run{{"worker", "hung-thread"}};
  run.send(SIGHUP);
  auto x = run.finish();
  check_truth(x);
  CHECK(x.report["reason"] == "SIGHUP");
}

TEST_CASE("a signal that the parent had set to be ignored stays ignored") {
  hostile_run run{{"worker"}, R"(trap '' HUP INT; exec "$0" "$@")"};
  run.send(SIGHUP);
  run.send(SIGINT);
  // Signals that wait are read by their numbers: an ignored one would be first.
  run.send(SIGTERM);
  auto x = run.finish();
  check_truth(x);
  CHECK(x.report["reason"] == "SIGTERM");
}

TEST_CASE("a run that is killed leaves no report, not even an older one") {
  program hololoom;
  auto last = hololoom.data() + "/last_shutdown.json";
  auto metrics = [&] {
    return hololoom.run({"metrics", "--data", hololoom.data()}).code;
  };
  REQUIRE(metrics() == 0);
  auto first = read_file(last);
  REQUIRE_FALSE(first.empty());
  {
    waiting_import import{hololoom};
    CHECK_FALSE(std::filesystem::exists(last));
    import.process.send_signal(SIGKILL);
    CHECK(import.process.wait().signal == SIGKILL);
  }
  CHECK_FALSE(std::filesystem::exists(last));
  CHECK(read_file(hololoom.data() + "/previous_shutdown.json") == first);
  REQUIRE(metrics() == 0);
  CHECK(read_file(last) != first);
}
