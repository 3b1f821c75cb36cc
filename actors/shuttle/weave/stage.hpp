#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <stop_token>
#include <string_view>
#include <utility>

namespace hololoom {

/// The steps of a weave, in order.
enum class weave_stage : std::uint8_t {
  pattern_selection = 0,
  temporal_setup = 1,
  thread_selection = 2,
  feature_extraction = 3,
  warp_tensioning = 4,
  retrieval = 5,
  convergence = 6,
  tool_execution = 7,
  spacetime_assembly = 8,
};

/// Their keys in `weaving_trace::stage_durations` and `stage_error::stage`.
constexpr auto enumerators(weave_stage) {
  using e = weave_stage;
  return std::array{
    std::pair{e::pattern_selection, std::string_view{"pattern_selection"}},
    std::pair{e::temporal_setup, std::string_view{"temporal_setup"}},
    std::pair{e::thread_selection, std::string_view{"thread_selection"}},
    std::pair{e::feature_extraction, std::string_view{"feature_extraction"}},
    std::pair{e::warp_tensioning, std::string_view{"warp_tensioning"}},
    std::pair{e::retrieval, std::string_view{"retrieval"}},
    std::pair{e::convergence, std::string_view{"convergence"}},
    std::pair{e::tool_execution, std::string_view{"tool_execution"}},
    std::pair{e::spacetime_assembly, std::string_view{"spacetime_assembly"}}};
}

/// The progress of a weave, for its shuttle: which step it is in, and a way to
/// ask it to stop. Thread-safe.
struct weave_progress {
  std::atomic<weave_stage> stage{weave_stage::pattern_selection};
  std::stop_source stop;
};

} // namespace hololoom
