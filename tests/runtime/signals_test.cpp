#include "support/catch.hpp"
#include "support/process.hpp"

#include <hololoom/messages/json/read.hpp>

#include <algorithm>
#include <csignal>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

// SIGTERM and SIGINT in a real process with workers that do not end: an actor,
// a thread and a process. All times are from the report, i.e. as the process
// itself measured them.

using namespace hololoom;
using namespace hololoom::test;

namespace {

json parsed(const std::string& text) {
  auto value = parse_json(text);
  if (!value)
    throw std::runtime_error{explain(value.error()) + ": " + text};
  return *value;
}

/// A process that is full of stuck workers and has episodes to flush.
class stuck_program {
public:
  explicit stuck_program(int flush_ms)
    : process_({CASCADE_PROGRAM, "--workers", "50", "--stuck-actors", "1",
                "--stuck-threads", "1", "--stuck-processes", "1", "--flush-ms",
                std::to_string(flush_ms), "--wait", "--json"}) {
    await_state("ready");
  }

  void await_state(const std::string& state) {
    auto line = parsed(process_.read_line());
    REQUIRE(line["state"] == state);
  }

  void send(int number) { process_.send_signal(number); }

  /// Waits for the end; the report. `code` is the exit code then.
  json report() {
    auto result = process_.wait();
    code = result.code;
    INFO(result.err);
    return parsed(result.out);
  }

  int code = -1;

private:
  process process_;
};

double phase_ms(const json& report, const std::string& name) {
  for (const auto& phase : report["phases"])
    if (phase["name"] == name)
      return phase["ms"].get<double>();
  throw std::runtime_error{"no phase " + name};
}

/// Checks that each child that did not end by itself is named, with what it was
/// doing, and that no episode is missing. A plain CAF actor does not show what
/// it does: noticing that it is stuck takes a moment, and `time_to_notice` says
/// whether there was one.
void check_outcome(const json& report, bool time_to_notice = true) {
  CHECK(report["exit_code"] == 75);
  CHECK(report["requested_by"] == "signal");
  auto abandoned = report["abandoned"].get<std::set<std::string>>();
  CHECK(abandoned
        == std::set<std::string>{"root/workers/stuck-actor-1",
                                 "root/workers/stuck-thread-1"});
  std::map<std::string, json> forced;
  for (const auto& child : report["children"]) {
    if (child["forced"] == true)
      forced[child["name"].get<std::string>()] = child;
    else
      CHECK(child["ended"] == "shutdown");
  }
  REQUIRE(forced.size() == 3);
  for (const auto& [name, child] : forced) {
    INFO(name);
    if (time_to_notice || child["kind"] != "actor")
      CHECK(child["doing"].is_string());
  }
  CHECK(forced["root/workers/stuck-actor-1"]["ended"] == "abandoned");
  CHECK(forced["root/workers/stuck-thread-1"]["ended"] == "abandoned");
  CHECK(forced["root/workers/stuck-process-1"]["ended"] == "killed");
  const auto& flush = report["flush"];
  CHECK(flush["acknowledged"] == true);
  CHECK(flush["error"].is_null());
  // Force comes after the flush, never before.
  CHECK(report["first_force_at_ms"].get<double>()
        >= flush["at_ms"].get<double>());
}

} // namespace

TEST_CASE("one SIGTERM gives the workers five seconds, and no more") {
  stuck_program program{0};
  program.send(SIGTERM);
  program.await_state("closing");
  auto report = program.report();
  CHECK(program.code == 75);
  CHECK(report["reason"] == "SIGTERM");
  check_outcome(report);
  CHECK(phase_ms(report, "signal") >= 5000);
  CHECK(report["total_ms"].get<double>() >= 5000);
  CHECK(report["total_ms"].get<double>() < 5500);
}

TEST_CASE("the report has the keys that its readers rely on") {
  process program{{CASCADE_PROGRAM, "--workers", "1", "--json"}};
  auto result = program.wait();
  REQUIRE(result.code == 0);
  auto report = parsed(result.out);
  auto keys = [](const json& object) {
    std::set<std::string> found;
    for (const auto& [key, ignored] : object.items())
      found.insert(key);
    return found;
  };
  using names = std::set<std::string>;
  CHECK(keys(report)
        == names{"reason", "requested_by", "started_at", "total_ms", "phases",
                 "children", "failures", "failures_left_out", "weaves", "flush",
                 "first_force_at_ms", "late_stores", "problem", "abandoned",
                 "exit_code"});
  CHECK(keys(report["weaves"]) == names{"drained", "refused", "cut"});
  CHECK(keys(report["flush"])
        == names{"acknowledged", "episodes", "at_ms", "ms", "error"});
  REQUIRE(!report["children"].empty());
  CHECK(keys(report["children"][0])
        == names{"name", "kind", "ended", "ms", "forced", "doing", "reason"});
  names phases;
  for (const auto& phase : report["phases"]) {
    CHECK(keys(phase) == names{"name", "ms", "error"});
    phases.insert(phase["name"].get<std::string>());
  }
  CHECK(phases == names{"refuse", "signal", "flush", "force", "stores"});
  CHECK(report["first_force_at_ms"].is_null());
}

TEST_CASE("an exit overtakes ten seconds of messages in a mailbox") {
  process program{{CASCADE_PROGRAM, "--backlog", "100000", "--json"}};
  auto result = program.wait();
  CHECK(result.code == 0);
  auto report = parsed(result.out);
  auto backlog = std::find_if(
    report["children"].begin(), report["children"].end(),
    [](const json& x) { return x["name"] == "root/workers/backlog"; });
  REQUIRE(backlog != report["children"].end());
  CHECK((*backlog)["ended"] == "shutdown");
  CHECK((*backlog)["ms"].get<double>() < 2000);
}

TEST_CASE("invalid arguments are refused before anything starts") {
  for (const auto* wrong : {"--workers=-1", "--workers=many", "--sideways"}) {
    INFO(wrong);
    process program{{CASCADE_PROGRAM, wrong}};
    auto result = program.wait();
    CHECK(result.code == 64);
    CHECK(result.out.empty());
    CHECK(!result.err.empty());
  }
}

TEST_CASE(
  "very many workers without any grace are killed, and none is abandoned") {
  process program{
    {CASCADE_PROGRAM, "--workers", "50000", "--grace-ms", "0", "--json"}};
  auto result = program.wait();
  INFO(result.err);
  CHECK(result.code == 75);
  CHECK(parsed(result.out)["abandoned"] == json::array());
}

TEST_CASE("a second signal skips the grace period but not the flush") {
  constexpr int flush_ms = 1500;
  auto [first, second] =
    GENERATE(std::pair{SIGTERM, SIGTERM}, std::pair{SIGTERM, SIGINT},
             std::pair{SIGINT, SIGINT});
  stuck_program program{flush_ms};
  program.send(first);
  program.await_state("closing");
  program.send(second);
  auto report = program.report();
  CHECK(program.code == 75);
  CHECK(report["reason"] == (first == SIGINT ? "SIGINT" : "SIGTERM"));
  check_outcome(report);
  CHECK(phase_ms(report, "signal") < 1000);
  // The disk was as slow as it was told to be, and was waited for.
  CHECK(report["flush"]["at_ms"].get<double>() >= flush_ms * 0.9);
  CHECK(report["total_ms"].get<double>() < 5000);
}

TEST_CASE("two signals at once count as two") {
  stuck_program program{0};
  program.send(SIGTERM);
  program.send(SIGINT);
  program.await_state("closing");
  auto report = program.report();
  CHECK(program.code == 75);
  check_outcome(report, false);
  CHECK(phase_ms(report, "signal") < 1000);
}

TEST_CASE("a third signal changes nothing") {
  stuck_program program{1000};
  for (auto i = 0; i < 20; ++i)
    program.send(i % 2 == 0 ? SIGTERM : SIGINT);
  program.await_state("closing");
  for (auto i = 0; i < 20; ++i)
    program.send(i % 2 == 0 ? SIGTERM : SIGINT);
  auto report = program.report();
  CHECK(program.code == 75);
  check_outcome(report);
}
