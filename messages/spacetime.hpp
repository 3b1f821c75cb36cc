#pragma once

#include <hololoom/messages/attributes.hpp>
#include <hololoom/messages/describe.hpp>
#include <hololoom/messages/time.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hololoom {

/// An error in a step of a weave.
struct stage_error {
  /// The step's key in `weaving_trace::stage_durations`.
  std::string stage = {};
  /// A sentence for people.
  std::string error = {};
  /// The `errc` enumerator's name.
  std::string type = {};

  static constexpr auto fields() {
    return members(member("stage", &stage_error::stage),
                   member("error", &stage_error::error),
                   member("type", &stage_error::type));
  }
  bool operator==(const stage_error&) const = default;
};

/// An operation on the warp: when, what, on how many threads.
struct warp_operation {
  timestamp at = {};
  std::string op = {};
  std::int64_t count = 0;

  static constexpr auto fields() {
    return members(member("at", &warp_operation::at),
                   member("op", &warp_operation::op),
                   member("count", &warp_operation::count));
  }
  static constexpr bool json_array = true;
  bool operator==(const warp_operation&) const = default;
};

/// The course of a weave, step by step.
struct weaving_trace {
  timestamp start_time = {};
  timestamp end_time = {};
  /// Measured on the steady clock.
  millis duration{0};
  /// Time spent by step; a step that was not reached has no entry.
  std::map<std::string, millis> stage_durations = {};
  std::vector<std::string> motifs_detected = {};
  std::vector<std::int64_t> embedding_scales_used = {};
  maybe<attributes> spectral_features = {};
  /// Ids of the shards that thread selection activated.
  std::vector<std::string> threads_activated = {};
  std::int64_t context_shards_count = 0;
  std::string retrieval_mode = "unknown";
  std::string policy_adapter = "unknown";
  std::string tool_selected = "unknown";
  double tool_confidence = 0;
  maybe<attributes> bandit_statistics = {};
  std::vector<warp_operation> warp_operations = {};
  maybe<attributes> tensor_field_stats = {};
  maybe<attributes> analytical_metrics = {};
  std::vector<stage_error> errors = {};
  std::vector<std::string> warnings = {};

  static constexpr auto fields() {
    using t = weaving_trace;
    return members(
      member("start_time", &t::start_time), member("end_time", &t::end_time),
      member("duration_ms", &t::duration),
      member("stage_durations", &t::stage_durations),
      member("motifs_detected", &t::motifs_detected),
      member("embedding_scales_used", &t::embedding_scales_used),
      member("spectral_features", &t::spectral_features),
      member("threads_activated", &t::threads_activated),
      member("context_shards_count", &t::context_shards_count),
      member("retrieval_mode", &t::retrieval_mode),
      member("policy_adapter", &t::policy_adapter),
      member("tool_selected", &t::tool_selected),
      member("tool_confidence", &t::tool_confidence),
      member("bandit_statistics", &t::bandit_statistics),
      member("warp_operations", &t::warp_operations),
      member("tensor_field_stats", &t::tensor_field_stats),
      member("analytical_metrics", &t::analytical_metrics),
      member("errors", &t::errors), member("warnings", &t::warnings));
  }
  static constexpr std::array required{"start_time", "end_time", "duration_ms"};
  bool operator==(const weaving_trace&) const = default;
};

/// The outcome of a weave: the answer, its sources and how it came about.
struct spacetime {
  /// A UUID, by which a later reflection names it. Empty in files of the
  /// original HoloLoom, which had none.
  std::string id = {};
  std::string query_text = {};
  std::string response = {};
  /// The tool that made the response, or "error".
  std::string tool_used = {};
  /// In 0..1.
  double confidence = 0;
  weaving_trace trace = {};
  /// `pattern_card` (display name), `execution_mode`, `status`, ...
  attributes metadata = {};
  maybe<std::string> context_summary = {};
  /// The sources of the response: file paths or shard ids, best first.
  std::vector<std::string> sources_used = {};
  timestamp created_at = {};
  maybe<double> quality_score = {};
  maybe<std::string> user_feedback = {};

  static constexpr auto fields() {
    using t = spacetime;
    return members(member("id", &t::id), member("query_text", &t::query_text),
                   member("response", &t::response),
                   member("tool_used", &t::tool_used),
                   member("confidence", &t::confidence),
                   member("trace", &t::trace), member("metadata", &t::metadata),
                   member("context_summary", &t::context_summary),
                   member("sources_used", &t::sources_used),
                   member("created_at", &t::created_at),
                   member("quality_score", &t::quality_score),
                   member("user_feedback", &t::user_feedback));
  }
  static constexpr std::array required{"query_text", "response", "tool_used",
                                       "confidence", "trace"};
  bool operator==(const spacetime&) const = default;
};

} // namespace hololoom

HOLOLOOM_INSPECTED_ONCE(hololoom::weaving_trace)
HOLOLOOM_INSPECTED_ONCE(hololoom::spacetime)
