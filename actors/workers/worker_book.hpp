#pragma once

#include <hololoom/actors/supervision/child_spec.hpp>
#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/sync.hpp>

#include <caf/error.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hololoom::detail {

/// A background worker as it was given.
struct kept_worker {
  child_spec_ptr spec;
  bool essential = false;
};

/// A background worker that has ended for good.
struct worker_end {
  std::string name;
  caf::error why; ///< None if it ended in order.
  bool essential = false;
  bool was_last = false; ///< No other is there, or comes back.
  /// Its supervisor keeps its spec, though it has done its work.
  bool in_tree = false;
};

/// The background workers that a loom, or a nursery, has been given and that
/// run, or come back. It tells those who wait for a worker how it ended.
/// Thread-safe.
class worker_book {
public:
  /// Called once, without the lock.
  using waiter = std::function<void(const caf::error& why)>;

  /// Has `f` called for each end, without the lock. Set before the first
  /// worker is kept.
  void on_end(std::function<void(const worker_end&)> f);

  /// A worker that is about to start.
  void keep(kept_worker x);

  /// It runs.
  void started(const child_spec_ptr& spec);

  /// It did not start.
  void drop(const child_spec_ptr& spec, const caf::error& why);

  /// One without a spec if there is none of that name.
  kept_worker find(std::string_view name) const;

  /// The same of those that were given up, unless it is long ago.
  kept_worker find_given_up(std::string_view name) const;

  /// An event of the worker called `name`, which may be its end.
  void heard(std::string_view name, const lifecycle_event& x);

  /// It is being stopped: a new supervisor does not start it, and `stopped`
  /// tells of its end.
  /// @param by_force it is to be killed.
  void retire(std::string_view name, bool by_force);

  /// It was stopped.
  /// @returns how: no error if in order, `errc::crashed` if it failed on the
  ///          way, `errc::stuck` if it had to be killed or let go.
  caf::error stopped(std::string_view name);

  /// An error kept it from its start, and that was its end.
  void failed_to_start(std::string_view name, const caf::error& why);

  /// Calls `f` when the worker of that name has ended for good, at once if it
  /// has already.
  /// @returns `errc::not_found` if there was none, or too long ago.
  caf::error when_ended(std::string_view name, waiter f);

  /// Calls `f` once no more than `most` are there, at once if that is so.
  void when_at_most(std::size_t most, std::function<void()> f);

  /// Ends all of them: the loom has closed. `why` is asked for each that
  /// somebody waits for.
  void end_all(const std::function<caf::error(const std::string& name)>& why);

  bool empty() const { return size() == 0; }
  std::size_t size() const;

  /// Those that a new supervisor starts, in the order in which they were kept.
  /// Temporary ones ended with the supervisor before.
  std::vector<child_spec> specs_for_restart();

private:
  struct worker {
    kept_worker kept;
    std::uint64_t order = 0;
    bool runs = false;
    bool retired = false;
    bool by_force = false; ///< A kill is what was asked for.
    /// How it ends, once it is retired; none: in order.
    caf::error how;
    std::vector<waiter> waiters;
  };
  /// The older one of two with the same name comes first: the younger one is
  /// about to be refused, or the older one is about to go.
  using worker_map = std::multimap<std::string, worker, std::less<>>;

  struct past {
    std::string name;
    caf::error why;
    kept_worker given_up;
  };

  worker_map::iterator oldest(std::string_view name) HOLOLOOM_REQUIRES(mutex_);
  worker_map::iterator holder(const child_spec_ptr& spec)
    HOLOLOOM_REQUIRES(mutex_);
  const past* last_end(std::string_view name) const HOLOLOOM_REQUIRES(mutex_);
  void end(std::string_view name, const caf::error& why, bool given_up = false);
  bool heard_while_stopping(std::string_view name, const lifecycle_event& x);
  void tell_of_room();

  std::function<void(const worker_end&)> on_end_;
  mutable mutex mutex_;
  worker_map workers_ HOLOLOOM_GUARDED_BY(mutex_);
  std::uint64_t last_ HOLOLOOM_GUARDED_BY(mutex_) = 0;
  std::vector<std::pair<std::size_t, std::function<void()>>>
    wait_for_room_ HOLOLOOM_GUARDED_BY(mutex_);
  /// The last ones that ended, for those who ask too late.
  std::deque<past> ended_ HOLOLOOM_GUARDED_BY(mutex_);
};

/// The error for a name that no worker has.
caf::error no_worker(std::string_view name);

} // namespace hololoom::detail
