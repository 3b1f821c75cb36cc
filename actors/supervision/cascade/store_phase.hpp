#pragma once

#include <hololoom/actors/supervision/cascade/run.hpp>

#include <string>
#include <vector>

namespace hololoom {

/// The phase in which the stores close, the last opened first, and then the
/// root ends.
class store_phase {
public:
  explicit store_phase(cascade_run& run) : run_(run) {}

  void begin();
  void is_down(const caf::down_msg& msg);
  void limit_reached();

private:
  void close_next();
  void force_store();
  void end_root();
  void root_timed_out();

  cascade_run& run_;
  std::vector<std::string> left_; ///< Not closed yet.
  living_child store_;            ///< Is being closed.
  cascade_run::time_point asked_at_;
  bool ending_root_ = false;
};

} // namespace hololoom
