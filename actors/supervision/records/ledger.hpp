#pragma once

#include <hololoom/actors/supervision/child_spec.hpp>
#include <hololoom/actors/supervision/records/end_list.hpp>
#include <hololoom/messages/sync.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

/// supervision/records: what is kept of a tree's children for its end. The
/// ledger has those that were abandoned and how others ended, `end_list` puts
/// ends into a bounded number of lines, `failure_record` has the failures of
/// the run, and `living_walk` claims those that may live for a cascade. It asks
/// no actor and waits for none. It may know child specs, the boards that
/// supervisors publish, and messages; the directory owns the ledger, and
/// supervisors and the cascade write in it.

namespace hololoom {

namespace supervision {

// What a probe answers; it may be null. A user's own may throw: then it counts
// as none.

std::optional<work_note>
probed_work(const std::shared_ptr<child_probe>& x) noexcept;
bool can_be_killed(const std::shared_ptr<child_probe>& x) noexcept;
bool awaits_drain(const std::shared_ptr<child_probe>& x) noexcept;
void force_probe(const std::shared_ptr<child_probe>& x) noexcept;

} // namespace supervision

/// A child that had an actor when it was looked at.
struct living_child {
  std::string path;
  std::string kind;
  std::int64_t incarnation = 0;
  caf::strong_actor_ptr handle;
  std::shared_ptr<child_probe> probe;
  /// Since when it has given no sign of life (on the steady clock), for an
  /// actor that does not show what it does; else `time_point::max()`.
  caf::actor_clock::time_point silent_since =
    caf::actor_clock::time_point::max();
  bool nested = false;  ///< A supervisor of this library.
  bool claimed = false; ///< Only its cascade reports its end.
};

/// Whether `x` still is there: its actor, or what its probe speaks for. Calls
/// the probe.
bool lives(const living_child& x);

/// What `x` is doing, with its age: "handling foo for 1.2 s". Empty while it
/// waits for work. Calls the probe.
std::optional<std::string> describe_work(const living_child& x);

/// Whether `x` would show if it were at something, and its actor has not ended:
/// one that shows nothing waits for its turn.
bool shows_work(const living_child& x);

/// How a child ended that went down for `reason`.
ended fate_of(const caf::error& reason);

/// The text of `reason` if it makes a child `crashed`.
maybe<std::string> failure_of(const caf::error& reason);

/// What became of the children of a tree, entered as it is seen. A shutdown
/// report is read from it, and needs no supervisor that answers. Thread-safe.
class ledger {
public:
  /// From now on the ends of children are kept.
  void keep_ends();

  bool keeps_ends() const noexcept { return keeping_; }

  /// A child of a supervisor that is stopping has ended.
  void enter_end(child_outcome outcome);

  /// The ends that were kept.
  end_list kept_ends() const;
  std::vector<child_outcome> ends() const { return kept_ends().lines(); }

  /// A child that did not end, and that no supervisor waits for any more.
  /// @returns whether that was not known before
  bool abandon(living_child x);

  /// All that were ever abandoned, but for those that were forgotten. Some may
  /// have ended since.
  std::vector<living_child> abandoned() const;

  /// Forgets abandoned children that have ended since. Calls their probes.
  void forget_ended();
  /// The same, when they have become twice as many since the last time.
  void forget_ended_of_many();
  /// The same of those that are known to have ended.
  void forget(const std::vector<caf::strong_actor_ptr>& gone);

  /// Keeps the records of very many children that outlive their supervisor: to
  /// free them would hold up its end.
  void keep(std::shared_ptr<const void> records);

private:
  std::atomic<bool> keeping_ = false;
  mutable mutex mutex_;
  end_list ends_ HOLOLOOM_GUARDED_BY(mutex_);
  std::vector<living_child> abandoned_ HOLOLOOM_GUARDED_BY(mutex_);
  /// The actors of `abandoned_`.
  std::unordered_set<caf::actor_control_block*>
    known_ HOLOLOOM_GUARDED_BY(mutex_);
  std::size_t many_ HOLOLOOM_GUARDED_BY(mutex_) = 16;
  std::vector<std::shared_ptr<const void>> records_ HOLOLOOM_GUARDED_BY(mutex_);
};

} // namespace hololoom
