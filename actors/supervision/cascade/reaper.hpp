#pragma once

#include <hololoom/actors/supervision/ledger.hpp>

#include <cstddef>
#include <memory>
#include <string>
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

  /// Kills each of `children`, except those that wait for the drain themselves.
  /// Called once `left` is 0, or to let go of those that are left.
  void kill(std::vector<living_child> children);

  /// Falls as they are killed and end; 0 once all are known to be down. Looks
  /// at them again, and is to be called every few milliseconds until then.
  std::size_t left();

  /// A child that was killed.
  struct killed {
    living_child who;
    /// What it was doing before.
    maybe<std::string> doing;
    bool down = false;
  };

  /// All that were killed, and none that had ended before or was excused.
  std::vector<killed> result() const;

  /// Those that wait for the drain themselves.
  std::vector<living_child> excused() const;

  /// Those that are known to have ended, before or after the kill.
  std::vector<caf::strong_actor_ptr> gone() const;

private:
  class work;

  void start_thread();

  bool own_thread_;
  std::shared_ptr<work> work_;
};

} // namespace hololoom
