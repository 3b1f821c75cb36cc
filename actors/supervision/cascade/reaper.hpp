#pragma once

#include <hololoom/actors/supervision/cascade/forced_child.hpp>
#include <hololoom/actors/supervision/records/living_walk.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hololoom {

/// Ends children by force, without the help of their supervisors: kills each,
/// and watches until they are down. It sends no message that is answered and
/// waits for nothing.
///
/// Probes are a user's code, which may hang: they are called on threads of the
/// reaper's own, the first of which is made with it. A child whose probe does
/// not return holds up no other. Not thread-safe.
class reaper {
public:
  /// @param own_thread without, probes are called on the caller's thread, as
  ///                   tests on a virtual clock want it
  /// @throws std::system_error when no thread can be had
  explicit reaper(bool own_thread = true);
  ~reaper();
  reaper(const reaper&) = delete;
  reaper& operator=(const reaper&) = delete;

  /// Begins to kill `children`, except those that wait for the drain
  /// themselves. Called once `done`, or to let go of those that are left.
  void kill(living_walk children);

  /// Goes on: kills some more, and looks at those that were killed. To be
  /// called every few milliseconds until `done`.
  void look();

  /// Whether all are known to be down, or wait for the drain.
  bool done() const;

  /// Whether there are some that it has not come to.
  bool has_more() const { return !walk_.over(); }

  /// Grows while they are killed and end.
  std::size_t progress() const;

  /// Calls `f` for all that it came to, but for those that wait for the drain.
  void
  each(const std::function<void(const living_child&, const child_fate&)>& f);

  /// Gives up those that it has not come to: how many of a kind ended how, or
  /// had no turn.
  std::map<std::pair<std::string, ended>, std::size_t> rest();

  /// Those that wait for the drain themselves.
  std::vector<living_child> excused() const;

  /// Those that are known to have ended, before or after the kill.
  std::vector<caf::strong_actor_ptr> gone() const;

  /// The paths of their supervisors.
  std::vector<std::string> parents() const { return walk_.parents(); }

private:
  class work;

  void start_thread();

  bool own_thread_;
  living_walk walk_;
  std::shared_ptr<work> work_;
};

} // namespace hololoom
