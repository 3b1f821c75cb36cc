#include "hostile/hostile_run.hpp"

#include <algorithm>

// A loom can be closed from wherever its functions can be called.

using namespace hololoom::hostile;
using hololoom::json;

namespace {

/// Checks that each caller got the report of the one closing.
void check_callers(const outcome& x, std::ptrdiff_t callers) {
  CHECK(std::count(x.said.begin(), x.said.end(),
                   "returned " + std::to_string(x.code))
        == callers);
  CHECK(std::count(x.said.begin(), x.said.end(), "stays inside") == 0);
}

/// The cascade does not wait for a caller that waits for it.
void check_closed_from(const std::string& guest, std::ptrdiff_t callers = 1) {
  INFO(guest);
  auto x = run_closing(guest);
  check_truth(x);
  check_callers(x, callers);
}

/// The caller is held up in its handler or function until the closing is over:
/// it is let go, and named.
void check_named(const std::string& guest, const std::string& caller,
                 std::ptrdiff_t callers = 1) {
  INFO(guest);
  auto x = run_closing(guest);
  INFO(x.report.dump(2));
  CHECK(x.took <= closing_limit);
  CHECK(x.code == 75);
  CHECK(x.report["abandoned"] == json{caller});
  check_callers(x, callers);
}

} // namespace

TEST_CASE("a worker closes the loom that it runs in") {
  check_closed_from(GENERATE("from-coroutine", "from-periodic", "from-thread"));
}

TEST_CASE("what reads a process's output closes the loom") {
  check_closed_from("from-output");
}

TEST_CASE("what hears of failures closes the loom") {
  check_closed_from("from-failure");
}

TEST_CASE("twenty threads close the loom at once") {
  check_closed_from("from-threads", 20);
}

TEST_CASE("a thread of the program's signals the program itself") {
  check_closed_from("from-signal", 0);
}

TEST_CASE("an actor that closes the loom in a handler is let go") {
  check_named("from-actor", "root/workers/closer");
}

TEST_CASE("an actor outside the tree that closes the loom is let go") {
  check_named("from-stranger", "1 actors outside the tree");
}

TEST_CASE("a tool that closes the loom is let go with its weaver") {
  check_named("from-tool", "root/weavers/weaver-1");
}

TEST_CASE("a shutdown hook that closes the loom is no longer waited for") {
  check_closed_from("from-hook", 2);
}

TEST_CASE("forty workers close the loom at once, and none keeps it open") {
  auto x = run_closing("from-many");
  check_truth(x);
  // Those that may not wait for the report are told so at once.
  CHECK(std::count_if(
          x.said.begin(), x.said.end(),
          [](const std::string& y) { return y.starts_with("returned"); })
        == 40);
}

TEST_CASE("a subscriber closes the loom") {
  check_closed_from("from-callback");
}

TEST_CASE("a function that a supervisor waits for closes the loom, and does "
          "not wait for the report") {
  auto guest = GENERATE("from-destructor", "from-probe", "from-factory",
                        "from-actor-factory", "from-root-factory");
  INFO(guest);
  auto x = run_closing(guest);
  check_truth(x);
  CHECK(x.code == 0);
  // Told so at once, and what to do.
  CHECK(x.said
        == std::vector<std::string>{
          "refused: the loom closes, but its report cannot be awaited here: a "
          "supervisor, which the closing waits for, would wait for it; in a "
          "factory, a probe or a destructor, call close_async and return",
          "returned 70"});
}
