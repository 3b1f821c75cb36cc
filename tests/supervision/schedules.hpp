#pragma once

#include "support/catch.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

namespace hololoom::test {

inline std::uint64_t from_environment(const char* name,
                                      std::uint64_t standard) {
  auto text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : standard;
}

/// Plays a schedule for each seed, on a simulation that `make(verbose)` makes,
/// and fails with the seed of the first one in which it found problems.
///
/// HOLOLOOM_SCHEDULES=100000 plays more of them, HOLOLOOM_SEED=42 replays one
/// and shows what happens.
template <class Make>
void play_schedules(std::uint64_t standard, Make make) {
  auto verbose = std::getenv("HOLOLOOM_SEED") != nullptr;
  auto first = from_environment("HOLOLOOM_SEED", 1);
  auto count = from_environment("HOLOLOOM_SCHEDULES", verbose ? 1 : standard);
  auto sim = make(verbose);
  for (auto seed = first; seed < first + count; ++seed) {
    // Frees what actors leave behind weakly.
    if (seed % 100 == 0)
      sim = make(verbose);
    sim->play(seed);
    if (sim->problems.empty())
      continue;
    std::string all;
    for (const auto& p : sim->problems)
      all += "\n  " + p;
    FAIL("seed " << seed << " (replay it with HOLOLOOM_SEED):" << all);
  }
  SUCCEED();
}

} // namespace hololoom::test
