#pragma once

#include <hololoom/actors/supervision/cascade/reaper.hpp>
#include <hololoom/actors/supervision/directory.hpp>
#include <hololoom/actors/supervision/protocol.hpp>
#include <hololoom/messages/caf/local_message.hpp>

#include <caf/event_based_actor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace hololoom {

/// Time to look at killed children again.
struct forced_end_tick {};

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1522, hololoom::forced_end_tick)

namespace hololoom {

/// Brings children down for the actor `self`, which passes on the message
/// above: kills them, waits while they go on ending, and abandons the others.
/// However many they are, it takes no longer than its limit.
class forced_end {
public:
  using time_point = caf::actor_clock::time_point;

  /// @param kill_wait how long it waits while no child ends
  /// @param limit     ... and in all
  forced_end(caf::event_based_actor* self, std::shared_ptr<directory> names,
             caf::timespan kill_wait, caf::timespan limit, bool own_thread);

  /// Kills `children`, which were asked to end at `asked_at`, and calls `then`
  /// once each is down or abandoned.
  void kill(living_walk children, time_point asked_at,
            std::function<void()> then);

  /// The caller has seen and reported the end of `x`.
  void is_known(const caf::strong_actor_ptr& x) { known_.insert(x); }

  /// Looks at them at once, as something has ended.
  void look();
  void tick();

  /// Waits no longer for `children`: enters them in the ledger, and tells their
  /// supervisors.
  void abandon(const std::vector<living_child>& children);

  /// What became of them.
  const end_list& ends() const { return ends_; }
  /// How many were killed, or are left.
  std::size_t forced() const { return count_; }

  /// Those that wait for the drain themselves, and were not killed.
  const std::vector<living_child>& excused() const { return excused_; }

private:
  /// Goes on waiting, or concludes.
  void check();
  void conclude();
  bool enter(const living_child& who, const child_fate& what, millis took,
             std::vector<living_child>& left);
  bool enter_rest(millis took);
  void let_go_of_others();
  void tell(std::map<std::string, abandon_children>& by_parent);

  caf::event_based_actor* self_;
  std::shared_ptr<directory> names_;
  caf::timespan kill_wait_;
  caf::timespan limit_;
  reaper reaper_;
  std::function<void()> then_; ///< Null while no kill is under way.
  time_point asked_at_;
  time_point began_;
  time_point moved_;
  std::size_t progress_ = 0;
  bool ticking_ = false;
  end_list ends_;
  std::size_t count_ = 0;
  std::unordered_set<caf::strong_actor_ptr> known_;
  std::vector<living_child> excused_;
};

} // namespace hololoom
