#pragma once

#include <hololoom/actors/shuttle/options.hpp>
#include <hololoom/actors/shuttle/protocol.hpp>
#include <hololoom/actors/shuttle/tools/tool.hpp>
#include <hololoom/actors/shuttle/weave/convergence.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

/// shuttle/weave: one weave, nine steps in order, without an actor. This room
/// owns the steps, the budget of time, the pattern cards, the choice of a tool
/// and the features of a query. It may include shuttle/tools, memory/text,
/// memory/index and messages. The weaver runs it on its own thread.

namespace hololoom {

/// The settings that all weaves of a weaver share.
struct weave_setting {
  shuttle_options options;
  /// Not null.
  std::shared_ptr<const tool_registry> tools;
  /// Measures durations and deadlines.
  clock_function clock = steady_now;
  /// Dates spacetimes and weighs recency.
  std::function<timestamp()> wall_clock = now;
};

/// The spacetime of a weave that failed as a whole: `tool_used` "error",
/// confidence 0, and the stage and the error in its trace.
spacetime error_spacetime(std::string id, const weave_request& request,
                          weave_stage stage, const caf::error& err);

/// A weave in progress. Not thread-safe.
class weave_run {
public:
  weave_run(const weave_setting& setting, weave_order order,
            random_generator& rng);
  ~weave_run();

  weave_run(const weave_run&) = delete;
  weave_run& operator=(const weave_run&) = delete;

  /// Steps 1 to 8. Never throws; the trace lists failures.
  /// @returns the tool's request to the memory, if it makes one: then call
  ///          `effect_done` or `effect_failed` before `finish`.
  std::optional<remember_request> run();

  void effect_done(const remember_ack& ack);
  void effect_failed(const caf::error& err);

  /// Time left until the weave's deadline.
  millis remaining() const;

  /// Step 9. Call it once, last.
  spacetime finish();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace hololoom
