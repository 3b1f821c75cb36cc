#pragma once

#include <hololoom/actors/shuttle/weave/stage.hpp>
#include <hololoom/messages/time.hpp>

#include <chrono>
#include <functional>
#include <stop_token>
#include <utility>

namespace hololoom {

/// Reads the steady clock, or a virtual one in tests.
using clock_function = std::function<std::chrono::steady_clock::time_point()>;

/// The real clock.
std::chrono::steady_clock::time_point steady_now();

/// A limit of time. Long loops check `over()` now and then.
class time_limit {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// No limit.
  time_limit() = default;

  time_limit(clock_function now, time_point end, std::stop_token stop)
    : now_(std::move(now)), end_(end), stop_(std::move(stop)) {}

  /// Whether time is up or a stop was requested.
  bool over() const {
    return stop_.stop_requested() || (now_ && now_() >= end_);
  }

  /// Time left, never negative.
  millis remaining() const;

  time_point end() const { return end_; }

  const std::stop_token& stop() const { return stop_; }

private:
  clock_function now_;
  time_point end_ = time_point::max();
  std::stop_token stop_;
};

/// Divides the time of a weave among its steps: 30 % for features, 40 % for
/// retrieval, 20 % for the decision and 10 % for the tool, as caps. A step gets
/// the smaller of its cap and the rest of the whole.
class weave_budget {
public:
  using time_point = time_limit::time_point;

  weave_budget(clock_function now, time_point start, millis total,
               std::stop_token stop);

  /// The limit of a step that begins now.
  time_limit for_stage(weave_stage stage) const;

  /// The limit of the weave.
  const time_limit& whole() const { return whole_; }

  millis total() const { return total_; }

private:
  clock_function now_;
  millis total_;
  time_limit whole_;
};

} // namespace hololoom
