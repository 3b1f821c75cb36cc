#pragma once

#include "support/catch.hpp"

#include <hololoom/actors/memory/reading/source_reader.hpp>

#include <random>
#include <string>
#include <vector>

/// Sources to read.
namespace hololoom::test {

/// The result of reading some paths.
struct reading {
  std::vector<shard> shards;
  std::vector<std::string> sources;
  reading_report report;
};

inline reading read(const std::vector<std::string>& paths,
                    const reading_options& options = {}) {
  reading result;
  auto report = read_sources(
    paths,
    [&](source_batch batch) {
      for (auto& x : batch.shards)
        result.shards.push_back(std::move(x));
      for (auto& x : batch.sources)
        result.sources.push_back(std::move(x));
      return caf::error{};
    },
    options);
  REQUIRE(report);
  result.report = *report;
  return result;
}

inline std::string prose(std::size_t sentences, unsigned seed = 1) {
  std::mt19937 random{seed};
  std::string result;
  for (std::size_t i = 0; i < sentences; ++i) {
    result += "Sentence " + std::to_string(i) + " has";
    for (auto n = random() % 12; n > 0; --n)
      result += " word" + std::to_string(random() % 50);
    result += random() % 6 == 0 ? ".\n\n" : ". ";
  }
  return result;
}

} // namespace hololoom::test
