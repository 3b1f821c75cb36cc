#pragma once

#include <hololoom/messages/lifecycle.hpp>

#include <atomic>
#include <cstdint>

namespace hololoom {

/// What became of weaves since the drain began, counted while it happens:
/// outlives whoever counts. Thread-safe.
struct drain_counts {
  std::atomic<std::int64_t> drained{0}; ///< Answered by their weaver.
  std::atomic<std::int64_t> refused{0}; ///< Not taken any more.
  std::atomic<std::int64_t> cut{0};     ///< Taken, and answered with an error.

  weave_tally tally() const { return {drained, refused, cut}; }
};

} // namespace hololoom
