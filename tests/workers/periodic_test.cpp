#include "worker_fixture.hpp"

#include <hololoom/actors/workers/threads/periodic_worker.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

TEST_CASE("the next beat lies on the grid, and missed beats are skipped") {
  auto t = [](int ms) {
    return caf::actor_clock::time_point{std::chrono::milliseconds{ms}};
  };
  using detail::next_beat;
  CHECK(next_beat(t(100), 10ms, t(100)) == t(110));
  CHECK(next_beat(t(100), 10ms, t(109)) == t(110));
  CHECK(next_beat(t(100), 10ms, t(110)) == t(120));
  CHECK(next_beat(t(100), 10ms, t(135)) == t(140));
  CHECK(next_beat(t(100), 10ms, t(95)) == t(100));
}

TEST_CASE_METHOD(worker_fixture,
                 "a periodic function runs on each beat and at no other time") {
  int runs = 0;
  auto x = start(background::periodic("x", 10s, [&] { ++runs; }));
  advance(9'999ms);
  CHECK(runs == 0);
  advance(1ms);
  CHECK(runs == 1);
  advance(95s);
  CHECK(runs == 10);
  CHECK(x.running());
  CHECK_FALSE(x.probe->doing());
}

TEST_CASE_METHOD(worker_fixture,
                 "a periodic function may run as soon as its worker starts") {
  int runs = 0;
  periodic_options at_once;
  at_once.immediately = true;
  auto x = start(background::periodic(
    "x", 10s, [&] { ++runs; }, at_once));
  CHECK(runs == 1);
  advance(10s);
  CHECK(runs == 2);
}

TEST_CASE_METHOD(worker_fixture,
                 "one run makes up for any number of missed beats") {
  int runs = 0;
  auto x = start(background::periodic("x", 1s, [&] { ++runs; }));
  scheduler.advance_time(3'600s);
  run();
  CHECK(runs == 1);
  advance(1s);
  CHECK(runs == 2);
}

TEST_CASE_METHOD(worker_fixture, "a periodic worker ends when it is told to") {
  int runs = 0;
  auto x = start(background::periodic("x", 1s, [&] { ++runs; }));
  advance(1s);
  stop(x);
  CHECK(x.ended_with(caf::exit_reason::user_shutdown));
  advance(5s);
  CHECK(runs == 1);
  auto y = start(background::periodic("y", 1s, [&] { ++runs; }));
  kill(y);
  CHECK(y.ended_with(caf::exit_reason::kill));
}

TEST_CASE_METHOD(worker_fixture, "an exception ends a periodic worker with an "
                                 "error that says it") {
  auto x = start(background::periodic(
    "x", 1s, [] { throw std::runtime_error("out of yarn"); }));
  advance(1s);
  CHECK(x.ended_with(errc::crashed));
  CHECK(x.last_words().find("out of yarn") != std::string::npos);
}

TEST_CASE_METHOD(worker_fixture,
                 "on_failure lets a worker go on after an exception") {
  std::vector<std::string> seen;
  periodic_options counting;
  counting.on_failure = [&](const periodic_failure& x) {
    seen.push_back(std::to_string(x.count) + " " + x.what);
  };
  auto x = start(background::periodic(
    "x", 1s, [] { throw std::runtime_error("out of yarn"); }, counting));
  advance(2s);
  CHECK(x.running());
  REQUIRE(seen.size() == 2);
  CHECK(seen[1].find("2 ") == 0);
  CHECK(seen[1].find("out of yarn") != std::string::npos);
}

TEST_CASE_METHOD(worker_fixture, "an exception in on_failure ends the worker") {
  periodic_options bad;
  bad.on_failure = [](const periodic_failure&) {
    throw 1;
  };
  auto x = start(background::periodic(
    "x", 1s, [] { throw 2; }, bad));
  advance(1s);
  CHECK(x.ended_with(errc::crashed));
}

TEST_CASE_METHOD(worker_fixture, "a periodic worker needs an interval and a "
                                 "function") {
  CHECK(is(start_bare(system, background::periodic("x", 0s, [] {})).reason,
           errc::invalid_spec));
  CHECK(is(start_bare(system, background::periodic("x", -1s, [] {})).reason,
           errc::invalid_spec));
  CHECK(is(start_bare(system, background::periodic("x", 1s, {})).reason,
           errc::invalid_spec));
}

TEST_CASE_METHOD(worker_fixture, "a periodic function that blocks holds up no "
                                 "other actor and never overlaps itself") {
  std::atomic<int> begun = 0;
  std::promise<void> gate;
  auto opened = gate.get_future().share();
  periodic_options blocking;
  blocking.may_block = true;
  auto x = start(background::periodic(
    "x", 1s,
    [&begun, opened] {
      ++begun;
      opened.wait();
    },
    blocking));
  advance(1s);
  while (begun == 0)
    std::this_thread::yield();
  REQUIRE(x.probe->doing());
  CHECK(x.probe->doing()->what == "periodic function runs");
  CHECK_FALSE(x.probe->can_be_killed());
  advance(10s);
  CHECK(begun == 1);
  // Told to end, it ends after the run.
  stop(x);
  CHECK(x.running());
  gate.set_value();
  while (!x.probe->can_be_killed())
    std::this_thread::yield();
  run();
  CHECK(x.ended_with(caf::exit_reason::user_shutdown));
}
