#include "supervised_fixture.hpp"
#include "support/process.hpp"

#include <algorithm>
#include <csignal>
#include <string>

// Processes under a real supervisor. What they do is registered in
// process_test.cpp, the other half of this program.

using namespace hololoom;
using namespace hololoom::test;

namespace {

struct nursery : supervised_fixture {
  background process(const std::string& name, const std::string& function,
                     std::vector<std::string> arguments = {}) {
    process_options options;
    options.function = function;
    options.arguments = std::move(arguments);
    options.on_output = [this, lines = lines](const process_output& x) {
      std::lock_guard guard{mutex};
      lines->emplace_back(x.line);
      changed.notify_all();
    };
    return background::process(name, options);
  }

  bool heard(const std::string& line) {
    std::unique_lock guard{mutex};
    return changed.wait_for(guard, 10s, [&] {
      return std::find(lines->begin(), lines->end(), line) != lines->end();
    });
  }

  /// Starts and ends processes one after the other.
  void cycle(int count) {
    caf::scoped_actor self{system};
    auto work = std::make_shared<child_spec>(
      to_child_spec(background::process("p", {.function = "hang"})));
    int bad = 0;
    auto once = [&] {
      self->request(supervisor, 10s, start_child{work})
        .receive([](child_started&) {}, [&](caf::error&) { ++bad; });
      self->request(supervisor, 10s, terminate_child{"p"})
        .receive([](acknowledged) {}, [&](caf::error&) { ++bad; });
    };
    once();
    auto running = system.registry().running();
    auto descriptors = descriptors_here();
    auto threads = threads_here();
    for (int i = 0; i < count; ++i)
      once();
    CHECK(bad == 0);
    CHECK_FALSE(has_children());
    CHECK(eventually([&] { return system.registry().running() <= running; }));
    CHECK(eventually([&] { return threads_here() <= threads; }));
    CHECK(eventually([&] { return descriptors_here() <= descriptors; }));
  }

  /// Outlives the test: a process may have a last word.
  std::shared_ptr<std::vector<std::string>> lines =
    std::make_shared<std::vector<std::string>>();
};

} // namespace

TEST_CASE_METHOD(
  nursery, "a process that crashes is reported with its output and restarted") {
  CHECK_FALSE(
    begin(process("p", "fail", {"3"})
            .restart(restart_type::permanent)
            .backoff({.min = 1ms, .max = 10ms, .factor = 2, .jitter = 0.5})));
  for (auto incarnation : {1, 2, 3}) {
    INFO(incarnation);
    CHECK(wait_for(transition::ready, incarnation));
    auto exited = wait_for(transition::exited, incarnation);
    REQUIRE(exited);
    CHECK(exited->path == "workers/p");
    CHECK(exited->reason.find("exit code 3") != std::string::npos);
    CHECK(exited->reason.find("the yarn is gone") != std::string::npos);
  }
  CHECK(heard("the yarn is gone"));
  CHECK_FALSE(end("p"));
  CHECK_FALSE(has_children());
}

TEST_CASE_METHOD(nursery, "a successor finds the lock of its predecessor free, "
                          "though others of its group outlive it") {
  temporary_folder folder;
  CHECK_FALSE(begin(process("p", "hold", {folder / "lock", "family"})
                      .restart(restart_type::permanent)));
  auto newest = [&] {
    std::lock_guard guard{mutex};
    return lines->empty() ? std::string{} : lines->back();
  };
  std::string last;
  for (int i = 0; i < 5; ++i) {
    REQUIRE(eventually([&] { return newest() != last; }));
    last = newest();
    REQUIRE(last != "the lock is held");
    kill(std::stoi(last), SIGKILL);
  }
  CHECK_FALSE(end("p"));
}

TEST_CASE_METHOD(
  nursery,
  "a signal that ends a process is reported, and the process restarted") {
  CHECK_FALSE(begin(process("p", "dump").restart(restart_type::transient)));
  REQUIRE(wait_for(transition::started, 2));
  auto exited = wait_for(transition::exited, 1);
  REQUIRE(exited);
  CHECK(exited->reason.find("SIGSEGV") != std::string::npos);
  CHECK(exited->reason.find("about to fall") != std::string::npos);
  CHECK_FALSE(end("p"));
  CHECK_FALSE(has_children());
}

TEST_CASE_METHOD(nursery, "a process that ended normally is not restarted") {
  CHECK_FALSE(begin(process("p", "say").restart(restart_type::transient)));
  REQUIRE(wait_for(transition::exited, 1));
  CHECK(heard("no line end"));
  auto list = ask<child_list>(which_children{});
  REQUIRE(list);
  REQUIRE(list->children.size() == 1);
  CHECK(list->children[0].state == child_state::stopped);
  CHECK_FALSE(has_children());
}

TEST_CASE_METHOD(
  nursery,
  "a process that its supervisor tells to end gets SIGTERM and its grace") {
  CHECK_FALSE(
    begin(process("p", "obey").shutdown(shutdown_policy::within(9s))));
  REQUIRE(heard("ready"));
  CHECK_FALSE(end("p"));
  CHECK(heard("cleaned up"));
  CHECK(wait_for(transition::stopped));
  CHECK_FALSE(has_children());
}

TEST_CASE_METHOD(nursery, "a process that outlasts its grace gets SIGKILL") {
  CHECK_FALSE(
    begin(process("p", "ignore").shutdown(shutdown_policy::within(30ms))));
  REQUIRE(heard("ignoring"));
  SECTION("when it is stopped") {
    CHECK_FALSE(end("p"));
    CHECK(wait_for(transition::killed));
  }
  SECTION("when a cascade forces it") {
    auto report = close(millis{30});
    REQUIRE(report);
    REQUIRE(report->children.size() == 1);
    auto p = report->children[0];
    CHECK(p.name == "workers/p");
    CHECK(p.kind == "process");
    CHECK(p.how == ended::killed);
    CHECK(p.forced);
    REQUIRE(p.doing);
    CHECK(p.doing->find("runs 'ignore' for") != std::string::npos);
    CHECK(report->abandoned.empty());
  }
  // The kill is final; that its parent has noticed comes a moment later.
  CHECK(eventually([] { return !has_children(); }));
}

TEST_CASE_METHOD(nursery, "a killed supervisor leaves no process behind") {
  for (const auto* name : {"a", "b", "c"})
    CHECK_FALSE(begin(process(name, "ignore")));
  REQUIRE(heard("ignoring"));
  exit_high(supervisor, caf::exit_reason::kill);
  CHECK(eventually([] { return !has_children(); }));
}

TEST_CASE_METHOD(
  nursery,
  "processes started and ended one after the other leave nothing behind") {
  cycle(1'000);
}

TEST_CASE_METHOD(nursery, "10,000 processes leave nothing behind", "[.long]") {
  cycle(10'000);
}
