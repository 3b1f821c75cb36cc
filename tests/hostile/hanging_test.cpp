#include "hostile/hostile_run.hpp"

#include <csignal>

// SIGTERM for a loom with something that does not end by itself.

using namespace hololoom::hostile;

TEST_CASE("a loom of healthy workers ends at once, and leaves nothing") {
  auto x = run_until_sigterm({});
  check_truth(x);
  CHECK(x.report["total_ms"].get<double>() < 500);
}

TEST_CASE("whatever hangs in a worker, the report names it and no other") {
  auto guest =
    GENERATE("hung-thread", "hung-periodic", "hung-coroutine", "hung-actor");
  INFO(guest);
  auto x = run_until_sigterm({guest});
  check_truth(x);
  CHECK(x.hung == std::multiset<std::string>{guest});
}

TEST_CASE("all that hang at once are named") {
  auto x = run_until_sigterm(
    {"hung-thread", "hung-periodic", "hung-coroutine", "hung-actor"});
  check_truth(x);
  CHECK(x.hung.size() == 4);
}

TEST_CASE("a hook that hangs is named") {
  auto x = run_until_sigterm({"hung-hook"});
  check_truth(x);
  CHECK(x.hung.size() == 1);
}

TEST_CASE("no process is left, whatever it does about signals") {
  auto guest = GENERATE("hung-process", "stopped-process", "orphan-process");
  INFO(guest);
  auto x = run_until_sigterm({guest});
  check_truth(x);
}

TEST_CASE("a thread that was let go before the closing is named") {
  auto x = run_until_sigterm({"hung-before"});
  check_truth(x);
  CHECK(x.hung.size() == 1);
}

TEST_CASE("a supervisor that does not answer does not keep the loom open") {
  auto guest = GENERATE("hung-factory", "hung-root");
  INFO(guest);
  auto x = run_until_sigterm({guest});
  check_truth(x);
}

TEST_CASE("a probe that does not return does not keep the loom open") {
  auto x = run_until_sigterm({"hung-probe"});
  check_truth(x);
}

TEST_CASE("a subscriber that does not return does not keep the loom open") {
  auto x = run_until_sigterm({"hung-callback"});
  INFO(x.report.dump(2));
  CHECK(x.took <= closing_limit);
  CHECK(x.code == 75);
  REQUIRE(x.report["abandoned"].size() == 1);
  CHECK(x.report["abandoned"][0].get<std::string>().starts_with("subscriber"));
}
