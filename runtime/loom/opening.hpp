#pragma once

#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/sync.hpp>

#include <optional>
#include <stop_token>

namespace hololoom::detail {

/// What a thread that opens a loom waits for: the end of the tree's start, how
/// far it is, or a stop. Thread-safe; shared with the parts, which may outlive
/// that thread.
class opening {
public:
  /// A part's start goes on.
  void progressed(const start_progress& x);

  /// The start is over, well or with an error. Only the first call counts.
  void finish(caf::error result);

  /// Waits until the start is over. Calls `tell`, which may be null, on this
  /// thread with how far it is; news that come while it runs are one.
  /// @returns nothing if `stop` was requested first.
  std::optional<caf::error> wait(const start_progress_sink& tell,
                                 const std::stop_token& stop);

private:
  mutex mutex_;
  condition changed_;
  std::optional<caf::error> result_ HOLOLOOM_GUARDED_BY(mutex_);
  std::optional<start_progress> news_ HOLOLOOM_GUARDED_BY(mutex_);
  bool stopped_ HOLOLOOM_GUARDED_BY(mutex_) = false;
};

} // namespace hololoom::detail
