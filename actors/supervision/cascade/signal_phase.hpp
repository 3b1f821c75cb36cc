#pragma once

#include <hololoom/actors/supervision/cascade/run.hpp>

namespace hololoom {

/// The phase in which producers are told to end, and have the grace to do so.
class signal_phase {
public:
  explicit signal_phase(cascade_run& run) : run_(run) {}

  void begin();
  /// Asks the children of supervisors that have not begun to stop them.
  void ask_directly();
  /// Skips the rest of the grace.
  void hurry();
  /// The grace is over: requests that still wait for a weave fail.
  void cut();

private:
  void drain_producers(cascade_run::time_point deadline);
  millis least_grace() const;

  cascade_run& run_;
  bool began_ = false;
  bool hurried_ = false;
  bool cut_ = false;
};

} // namespace hololoom
