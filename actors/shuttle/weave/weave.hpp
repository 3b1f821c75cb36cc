#pragma once

#include <hololoom/actors/shuttle/options.hpp>
#include <hololoom/actors/shuttle/protocol.hpp>
#include <hololoom/actors/shuttle/tools/tool.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

/// A weave: the nine steps, one after the other, without an actor.

namespace hololoom {

/// What weaves have in common.
struct weave_setting {
  shuttle_options options;
  /// Not null.
  std::shared_ptr<const tool_registry> tools;
  /// For durations and deadlines.
  clock_function clock = steady_now;
  /// For labels and recency.
  std::function<timestamp()> wall_clock = now;
};

/// One weave.
struct weave_order {
  /// The spacetime's.
  std::string id;
  weave_request request;
  /// Null: no memory.
  shard_index_ptr memory;
  /// Null: nothing was learned.
  policy_ptr policy;
  /// When its deadline began to count.
  std::chrono::steady_clock::time_point admitted;
  /// Null: nobody watches.
  std::shared_ptr<weave_progress> progress;
  /// What is already known to be wrong, for the trace's warnings.
  std::vector<std::string> warnings;
};

/// How long the weave of `request` may take: what it asks for, or what its card
/// allows, within the options' limit.
millis deadline_of(const weave_request& request, const policy_snapshot* policy,
                   const shuttle_options& options);

/// The spacetime of a weave that failed as a whole: `tool_used` "error",
/// confidence 0, and the stage and the error in its trace.
spacetime error_spacetime(std::string id, const weave_request& request,
                          weave_stage stage, const caf::error& err);

/// A weave under way. Not thread-safe.
class weave_run {
public:
  weave_run(const weave_setting& setting, weave_order order,
            random_generator& rng);
  ~weave_run();

  weave_run(const weave_run&) = delete;
  weave_run& operator=(const weave_run&) = delete;

  /// Steps 1 to 8. Never throws; what fails is in the trace.
  /// @returns what the tool wants done before the weave is over, if anything;
  ///          then either `effect_done` or `effect_failed` must follow.
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

/// All nine steps in one call; `remember` does what a tool wants done.
spacetime
weave(const weave_setting& setting, weave_order order, random_generator& rng,
      const std::function<caf::expected<remember_ack>(const remember_request&)>&
        remember = nullptr);

} // namespace hololoom
