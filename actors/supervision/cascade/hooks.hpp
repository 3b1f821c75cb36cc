#pragma once

#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/messages/caf/local_message.hpp>

#include <caf/actor_clock.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace hololoom {

/// A hook's function has returned, or is not waited for any longer; `problem`
/// is what it threw.
struct hook_ended {
  std::size_t number = 0;
  maybe<std::string> problem;
};

/// A hook's time is up.
struct hook_limit {
  std::size_t number = 0;
};

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1503, hololoom::hook_ended)
HOLOLOOM_LOCAL_MESSAGE(1504, hololoom::hook_limit)

namespace hololoom {

/// A delayed message keeps its actor, and an actor's own thread, until it
/// comes: a cascade waits in steps of this.
constexpr std::chrono::nanoseconds longest_tick{std::chrono::milliseconds{100}};

/// Runs the hooks of a cascade for the actor `self`, which passes on the two
/// messages above. Each function has a thread of its own; one that does not
/// return is left to itself.
class hook_runner {
public:
  explicit hook_runner(caf::event_based_actor* self) : self_(self) {}

  /// Starts the hooks of a phase, each after those that it names.
  void start(std::vector<shutdown_hook> hooks);

  /// From now on, hooks have no more than a moment.
  void hurry();

  void ended(const hook_ended& x);
  void limit_reached(const hook_limit& x);

  /// Whether none is under way.
  bool idle() const { return under_way_ == 0; }

  /// Appends a line for each hook that has ended since the last call.
  void report(std::vector<shutdown_phase>& lines);

  /// Appends the names of the hooks whose functions were abandoned.
  void list_abandoned(std::vector<std::string>& names) const;

private:
  struct entry {
    shutdown_hook hook;
    maybe<caf::actor_clock::time_point> started;
    bool over = false;
    bool returned = false;
  };

  /// Starts those that need not wait any more.
  void start_next();
  void start(std::size_t number);
  bool may_start(const entry& x) const;
  void close(std::size_t number, maybe<std::string> problem);
  /// Comes back to a hook at its limit.
  void wait_for(std::size_t number);

  caf::event_based_actor* self_;
  std::vector<entry> entries_;
  std::vector<shutdown_phase> lines_;
  std::size_t under_way_ = 0;
  bool hurried_ = false;
};

} // namespace hololoom
