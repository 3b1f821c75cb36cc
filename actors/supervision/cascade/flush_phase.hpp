#pragma once

#include <hololoom/actors/supervision/cascade/run.hpp>

#include <string>

namespace hololoom {

/// The phase in which the buffer flushes. It is waited for while it moves.
class flush_phase {
public:
  explicit flush_phase(cascade_run& run) : run_(run) {}

  void begin();
  /// The buffer says so only when something reached the disk: while one large
  /// commit is written its numbers stay, and it moves all the same.
  void progress();
  void limit_reached();

private:
  void fail(std::string why);

  cascade_run& run_;
  cascade_run::time_point moved_; ///< When the flush last did.
};

} // namespace hololoom
