#pragma once

#include <hololoom/messages/lifecycle.hpp>

#include <atomic>
#include <cstdint>

namespace hololoom {

/// The ends of weaves since a drain began. The shuttle counts; the cascade
/// reads, even after the shuttle exited. Thread-safe.
struct drain_counts {
  std::atomic<std::int64_t> drained{0}; ///< Answered by their weaver.
  std::atomic<std::int64_t> refused{0}; ///< Not admitted.
  std::atomic<std::int64_t> cut{0}; ///< Admitted, then answered with an error.

  weave_tally tally() const { return {drained, refused, cut}; }
};

} // namespace hololoom
