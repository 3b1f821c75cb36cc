#pragma once

#include <hololoom/actors/shuttle/drain_counts.hpp>
#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/sync.hpp>

#include <atomic>
#include <memory>

namespace hololoom::detail {

/// The error of every call on a loom that has closed.
caf::error loom_is_closed();

/// The loom's state, and with it whether the loom takes work. Requests under
/// way share it, so that it may outlive the loom. Thread-safe.
///
/// While the loom shuts down, every weave that was asked for is counted once:
/// by the shuttle if it got that far, otherwise here.
class admission {
public:
  loom_state state() const { return state_; }
  /// Whether the loom has begun to close.
  bool closes() const;
  void enter(loom_state x) { state_ = x; }

  /// The loom has started. Has no effect if it failed meanwhile.
  void open();

  /// The root supervisor gave up or went down. Has no effect once the loom has
  /// begun to close, because the root ends then anyway.
  void fail();

  /// No error while the loom takes work, otherwise why it does not. While it
  /// drains, it takes that of its last words.
  caf::error refusal() const;

  /// From now on, it does not.
  void end_last_words() { hears_last_words_ = false; }

  /// The same for a weave, which is counted as refused if it is.
  caf::error weave_refusal();

  /// The error for a request whose part of the loom went down: the loom's own
  /// state explains it better than `why`, if the loom is not running.
  caf::error failure_of(const caf::error& why) const;

  /// The same for a weave, which is counted as refused if the loom drains.
  caf::error weave_failure_of(const caf::error& why);

  /// The counters that the shuttle shares.
  const std::shared_ptr<drain_counts>& counts() const { return counts_; }

  /// Ends the counting: weaves that arrive later find the loom closed.
  weave_tally close_tally();

private:
  std::atomic<loom_state> state_{loom_state::created};
  std::atomic<bool> hears_last_words_{true};
  std::shared_ptr<drain_counts> counts_ = std::make_shared<drain_counts>();
  mutex mutex_;
  bool tally_closed_ HOLOLOOM_GUARDED_BY(mutex_) = false;
};

/// On the thread where it lives, code of the user's may give the loom work in
/// the first phase of its closing: the hooks of that phase.
class last_words {
public:
  explicit last_words(const admission& to) : before_(heard_by) {
    heard_by = &to;
  }
  ~last_words() { heard_by = before_; }
  last_words(const last_words&) = delete;
  last_words& operator=(const last_words&) = delete;

  static bool are_for(const admission& x) { return heard_by == &x; }

private:
  static thread_local const admission* heard_by;
  const admission* before_;
};

} // namespace hololoom::detail
