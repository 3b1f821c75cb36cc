#include <hololoom/actors/shuttle/weave/budget.hpp>

#include <algorithm>

namespace hololoom {

namespace {

using steady = std::chrono::steady_clock;

/// `start + span`, where spans that mean "no limit" do not overflow.
steady::time_point later(steady::time_point start, millis span) {
  constexpr millis longest = std::chrono::hours{24 * 365};
  return start
       + std::chrono::duration_cast<steady::duration>(
           std::clamp(span, millis{0}, longest));
}

/// A step's share of the weave's time, in 0..1.
double share_of(weave_stage stage) {
  switch (stage) {
    case weave_stage::thread_selection:
    case weave_stage::warp_tensioning:
    case weave_stage::retrieval: return 0.4;
    case weave_stage::convergence: return 0.2;
    case weave_stage::tool_execution: return 0.1;
    case weave_stage::pattern_selection:
    case weave_stage::temporal_setup:
    case weave_stage::feature_extraction: return 0.3;
    case weave_stage::spacetime_assembly: return 1.0;
  }
  return 1.0;
}

} // namespace

steady::time_point steady_now() {
  return steady::now();
}

millis time_limit::remaining() const {
  if (!now_)
    return std::chrono::hours{24 * 365};
  return std::max(millis{0}, millis{end_ - now_()});
}

weave_budget::weave_budget(clock_function now, time_point start, millis total,
                           std::stop_token stop)
  : now_(std::move(now)),
    total_(total),
    whole_(now_, later(start, total), std::move(stop)) {}

time_limit weave_budget::for_stage(weave_stage stage) const {
  auto end = std::min(later(now_(), total_ * share_of(stage)), whole_.end());
  return {now_, end, whole_.stop()};
}

} // namespace hololoom
