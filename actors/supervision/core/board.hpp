#pragma once

#include <hololoom/actors/supervision/core/restart_limit.hpp>
#include <hololoom/actors/supervision/records/ledger.hpp>
#include <hololoom/messages/caf/work_monitor.hpp>
#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/sync.hpp>

#include <caf/actor_control_block.hpp>

#include <any>
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hololoom {

namespace supervision {

/// Names a request that waits for an answer; 0 is none.
using ticket = std::uint64_t;

/// What made a child start.
enum class origin : std::uint8_t {
  boot,    ///< The supervisor's own start.
  group,   ///< The restart of a group.
  added,   ///< `start_child`.
  revived, ///< `restart_child`.
  restart, ///< Its own end.
};

constexpr auto no_time = time_point::max();
constexpr auto no_order = std::uint64_t{0} - 1; ///< After all others.

/// One child of a supervisor.
///
/// The first half is published: it is written under the board's lock by the
/// supervisor alone, which may therefore read it without.
struct child {
  std::uint64_t order = 0; ///< Grows with each child: start order.
  std::string name;
  child_spec_ptr spec;
  caf::strong_actor_ptr handle;
  std::shared_ptr<child_probe> probe;
  time_point since{}; ///< Its last start.
  /// Since when it has given no sign of life (on the steady clock), for an
  /// actor that does not show what it does.
  time_point silent_since = no_time;
  std::string last_reason;
  std::unique_ptr<std::string> progress; ///< Of its start.
  /// Counts its actors. No two of them ever have the same number.
  std::int64_t incarnation = 0;
  std::int64_t starts = 0; ///< Counts the actors that became ready.
  std::int32_t restarts = 0;
  child_state state = child_state::stopped;
  bool nested = false; ///< A supervisor of ours.
  /// A cascade reports its end. Written by the cascade, under the lock.
  bool claimed = false;

  // -- the supervisor's own, set by its rules ---------------------------------

  std::uint64_t start_id = 0; ///< Of the last attempt to start it.
  bool in_plan = false;       ///< The plan is stopping it.
  bool asked = false;         ///< Was asked to end.
  bool kill_sent = false;
  bool drained = false;        ///< Belongs to a drain.
  bool zombie = false;         ///< Replaced while it was stuck.
  bool unwaited = false;       ///< It is there and not waited for any more.
  bool excused = false;        ///< A child below it waits for the drain.
  bool significant = false;    ///< Counted as significant and active.
  bool pending = false;        ///< Its actor is there and cannot serve yet.
  time_point let_go = no_time; ///< Its thread outlives its actor, until then.
  supervision::origin origin = origin::boot;
  std::uint32_t failures = 0; ///< Restarts in a row, for the backoff.
  /// Counts its restarts, if the spec has a rate of its own.
  std::unique_ptr<restart_limit> own_limit;
  time_point due = no_time; ///< When the limit of its state is over.
  /// Past it a killed child is abandoned, even while others go on ending.
  time_point last_due{};
  time_point asked_at{};
  std::unique_ptr<std::vector<ticket>> start_tickets;
  std::unique_ptr<std::vector<ticket>> stop_tickets;
  std::any argument; ///< Of the request that added it.

  bool alive() const { return handle != nullptr; }
};

} // namespace supervision

/// What a supervisor publishes about its children: any thread may read it at
/// any time, without asking the supervisor.
///
/// Only the supervisor writes, under the lock. Its own reads need no lock,
/// which Clang's analysis cannot know.
class board {
public:
  using child = supervision::child;
  using child_map = std::map<std::uint64_t, child>;

  explicit board(std::string path, caf::actor_addr supervisor = {})
    : path_(std::move(path)), supervisor_(std::move(supervisor)) {}

  // -- for any thread ---------------------------------------------------------

  const std::string& path() const noexcept { return path_; }
  /// A weak reference.
  const caf::actor_addr& supervisor() const noexcept { return supervisor_; }

  /// The running child called `name`; null when there is none.
  caf::strong_actor_ptr find_handle(std::string_view name) const;

  /// Whether there is a child called `name`, running or not.
  bool knows(std::string_view name) const;

  /// A child as others may see it.
  struct entry {
    child_status status;
    bool nested = false;
  };

  /// Up to `limit` children after `order`, which is moved on, that may live:
  /// their actors are not down, or they have a probe, which is not called.
  std::vector<living_child> living_after(std::uint64_t& order,
                                         std::size_t limit) const;

  /// Up to `limit` children that come after `order`, which is moved on. Holds
  /// the lock only for those.
  std::vector<entry> copy_after(std::uint64_t& order, std::size_t limit,
                                supervision::time_point now) const;

  /// Whether the supervisor has begun to stop all its children.
  bool stopping() const noexcept { return stopping_; }

  /// The child called `name`, if it may live.
  std::optional<living_child> living_called(std::string_view name) const;

  /// How many children have an actor, up to `most`.
  std::size_t count_living(std::size_t most) const;

  // -- for a cascade, which reports the ends of the children it claims -------

  /// Claims up to `limit` children after `order`, which is moved on, that have
  /// an actor, are no supervisors and are not among `except`.
  std::vector<living_child> claim_after(std::uint64_t& order, std::size_t limit,
                                        const std::set<std::string>& except);

  /// Claims all such children after `order`: how many of a kind ended how, or
  /// had no turn. Holds the lock for a part of them at a time.
  std::map<std::pair<std::string, ended>, std::size_t>
  claim_rest(std::uint64_t order, const std::set<std::string>& except);

  bool is_claimed(const child& c) const {
    lock_guard guard{mutex_};
    return c.claimed;
  }

  // -- for its supervisor -----------------------------------------------------

  void begin_stopping() noexcept { stopping_ = true; }

  /// Makes room for `count` children.
  void reserve(std::size_t count);
  child& add(std::string name, child_spec_ptr spec);
  void remove(child& c);
  child* find(std::string_view name) HOLOLOOM_UNCHECKED_LOCKING;
  child* find(std::uint64_t order) HOLOLOOM_UNCHECKED_LOCKING;
  child_map& children() HOLOLOOM_UNCHECKED_LOCKING { return children_; }

  /// Applies `f` to the published part of `c`.
  template <class F>
  void change(child& c, F f) {
    lock_guard guard{mutex_};
    f(c);
  }

private:
  std::string path_;
  caf::actor_addr supervisor_;
  std::atomic<bool> stopping_ = false;
  mutable mutex mutex_;
  std::uint64_t last_ HOLOLOOM_GUARDED_BY(mutex_) = 0;
  child_map children_ HOLOLOOM_GUARDED_BY(mutex_);
  std::unordered_map<std::string_view, child*>
    by_name_ HOLOLOOM_GUARDED_BY(mutex_);
};

namespace supervision {

/// The part of `c`'s actor that shows what it is doing; null when it is down or
/// has none. Lives as long as the actor.
const work_monitor* work_of(const child& c);

/// `c`, of the supervisor at `path`, as others may see it.
living_child living(const child& c, const std::string& path);

/// What `c` is doing, with its age: "handling foo for 1.2 s". Empty while it
/// waits for work.
std::optional<std::string> describe_work(const child& c);

} // namespace supervision

} // namespace hololoom
