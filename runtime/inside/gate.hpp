#pragma once

#include <hololoom/actors/shuttle/drain_counts.hpp>
#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/lifecycle.hpp>

#include <atomic>
#include <memory>
#include <mutex>

namespace hololoom::detail {

/// The error of whoever comes when everything is over.
caf::error loom_is_closed();

/// Whether a loom takes work, and what it says when it does not. Outlives the
/// loom for whoever has a request under way. Thread-safe.
///
/// While the loom shuts down, each weave that was asked for is counted once:
/// by the shuttle if it came that far, else here.
class gate {
public:
  loom_state state() const { return state_; }
  void enter(loom_state x) { state_ = x; }

  /// The root supervisor gave up, or is down. Nothing changes when it is so
  /// because the loom closes.
  void fail();

  /// None while work is taken; else why not.
  caf::error refusal() const;

  /// The same for a weave.
  caf::error weave_refusal();

  /// What to tell whoever asked a part that is gone, because of `why`: when the
  /// loom shuts down, that is the reason.
  caf::error lost(const caf::error& why) const;

  /// The same for a weave.
  caf::error lost_weave(const caf::error& why);

  /// What the shuttle counts in.
  const std::shared_ptr<drain_counts>& counts() const { return counts_; }

  /// Ends the counting: weaves that come later find the loom closed.
  weave_tally close_tally();

private:
  std::atomic<loom_state> state_{loom_state::created};
  std::shared_ptr<drain_counts> counts_ = std::make_shared<drain_counts>();
  std::mutex mutex_;
  bool counted_ = false;
};

} // namespace hololoom::detail
