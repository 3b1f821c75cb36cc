#pragma once

#include <hololoom/actors/supervision/cascade/run.hpp>

#include <cstddef>
#include <string>
#include <unordered_set>

namespace hololoom {

/// The phase in which producers that still run are killed or abandoned, and
/// supervisors end.
class force_phase {
public:
  explicit force_phase(cascade_run& run) : run_(run) {}

  void begin();
  /// The root's drain is over, or the root is gone.
  void tree_is_down(maybe<std::string> problem);
  /// Lets go of supervisors that do not see that their children are down.
  void limit_reached();

private:
  void await_tree();
  millis tree_step() const;

  cascade_run& run_;
  bool waits_for_tree_ = false;
  std::size_t left_ = 0; ///< Children when the wait for the tree began.
  std::unordered_set<std::string> let_go_; ///< Supervisors that were abandoned.
};

} // namespace hololoom
