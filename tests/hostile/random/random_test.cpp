#include "hostile/hostile_run.hpp"
#include "hostile/random/verdict.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <thread>

// Random trees of workers that hang, crash and dawdle, in real processes,
// closed at a random instant: the report equals the truth, and the time is
// within the limit.
//
// HOLOLOOM_SEED=42 runs one case, HOLOLOOM_SEEDS=1000 so many,
// HOLOLOOM_MINUTES=5 as many as there is time for, from a seed of its own.

using namespace hololoom;
using namespace hololoom::hostile;
using namespace std::chrono_literals;

namespace {

std::optional<std::uint64_t> from_environment(const char* name) {
  const auto* text = std::getenv(name);
  return text ? std::optional{std::stoull(text)} : std::nullopt;
}

/// The cases to run: their seeds, until there is no more time.
struct seeds {
  std::uint64_t first = 1;
  std::uint64_t count = 20;
  clock::time_point until = clock::time_point::max();

  static seeds asked_for() {
    seeds result;
    if (auto minutes = from_environment("HOLOLOOM_MINUTES")) {
      result.first = std::random_device{}();
      result.count = UINT32_MAX;
      result.until = clock::now() + std::chrono::minutes{*minutes};
    }
    result.count = from_environment("HOLOLOOM_SEEDS").value_or(result.count);
    if (auto one = from_environment("HOLOLOOM_SEED")) {
      result.first = *one;
      result.count = 1;
    }
    return result;
  }
};

void send_signals(hostile_run& run, const random_case& x) {
  auto begun = clock::now();
  for (const auto& closing : x.closings)
    if (closing.whom == closing::from::signal) {
      std::this_thread::sleep_until(begun + closing.after);
      run.send(SIGTERM);
    }
}

void run_case(std::uint64_t seed) {
  auto x = random_case_of(seed);
  INFO("HOLOLOOM_SEED=" << seed << " runs this case again:\n" << describe(x));
  hostile_run run{{"random", std::to_string(seed)}};
  send_signals(run, x);
  auto seen = run.finish(x.in_loom);
  auto problems = problems_of(x, seen, read_truth(run.data() + "/truth"));
  std::string all;
  for (const auto& problem : problems)
    all += problem + "\n";
  if (!all.empty())
    FAIL_CHECK("seed " << seed << ":\n"
                       << all << seen.report.dump(2) << "\n"
                       << seen.err);
}

} // namespace

TEST_CASE("the report of a random tree equals the truth") {
  auto which = seeds::asked_for();
  std::uint64_t run = 0;
  for (; run < which.count && clock::now() < which.until; ++run)
    run_case(which.first + run);
  std::printf("%llu random trees, seeds from %llu\n",
              static_cast<unsigned long long>(run),
              static_cast<unsigned long long>(which.first));
  CHECK(run > 0);
}
