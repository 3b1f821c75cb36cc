#pragma once

#include <hololoom/messages/reflection.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <vector>

/// SQLite alone on one thread, the peer of the reflection buffer.

namespace hololoom::bench {

using steady = std::chrono::steady_clock;

/// The measurements of a run.
struct figures {
  double per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

inline double seconds(steady::duration x) {
  return std::chrono::duration<double>(x).count();
}

figures summarise(std::size_t rows, steady::duration took,
                  std::vector<double>& latencies_ms);

/// An episode of about 1.5 KiB in the journal.
reflect_request request();

/// Commits `batch` rows at a time for `time`; `indexed` makes them the
/// journal's own rows, whose ids are unique, instead of the same bytes without
/// an index.
figures bare(const std::filesystem::path& directory, int batch, bool indexed,
             steady::duration time);

} // namespace hololoom::bench
