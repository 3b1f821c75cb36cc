#pragma once

#include <hololoom/actors/supervision/core/host.hpp>

#include <utility>

namespace hololoom::supervision {

/// The work that may be done before other messages have their turn.
struct work_slice {
  static constexpr int all = 1024;
  /// Starting a child costs more than asking one to exit.
  static constexpr int start = 4;

  time_point began;
  int left = all;
};

/// Cuts long walks over many children into slices, so that queries never wait
/// for one. A walk whose slice is spent pauses, calls `go_on`, and is resumed
/// by `core::proceed`.
class slices {
public:
  explicit slices(core_host& host) : host_(host) {}

  /// Whether `work` has no room left for a step that costs `cost`.
  bool spent(work_slice& work, int cost = 1) const {
    // The first step of a slice always fits: every slice makes progress.
    auto first = work.left == work_slice::all;
    work.left -= cost;
    return work.left < 0 || (!first && host_.too_long(work.began));
  }

  /// Asks the host for a call of `core::proceed`.
  void go_on() {
    if (!std::exchange(due_, true))
      host_.proceed_later();
  }

  /// The call that `go_on` asked for has come.
  void resumed() { due_ = false; }

private:
  core_host& host_;
  bool due_ = false;
};

} // namespace hololoom::supervision
