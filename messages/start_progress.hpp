#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

namespace hololoom {

/// How far a part of the loom is with a start that takes long.
struct start_progress {
  std::string what; ///< "checking the journal"
  std::int64_t done = 0;
  std::int64_t total = 0; ///< In the unit of `done`; 0: not known.

  /// 0 to 100.
  std::int64_t percent() const {
    return total > 0 ? std::clamp<std::int64_t>(
             static_cast<std::int64_t>(100.0 * static_cast<double>(done)
                                       / static_cast<double>(total)),
             0, 100)
                     : 0;
  }
};

/// "checking the journal: 45 %"
inline std::string to_string(const start_progress& x) {
  if (x.total <= 0)
    return x.what;
  return x.what + ": " + std::to_string(x.percent()) + " %";
}

/// Called with how far a start is; it must not block.
using start_progress_sink = std::function<void(const start_progress&)>;

} // namespace hololoom
