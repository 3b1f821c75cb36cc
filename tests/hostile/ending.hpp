#pragma once

#include <hololoom/messages/lifecycle.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>

namespace hololoom::hostile {

/// Prints a line with one `write`, so that lines of several threads do not mix.
void say(const std::string& line);

/// Writes the report to DATA/report.json, says "closed", waits for the end of
/// the input, and ends the program with the report's exit code.
[[noreturn]] void end_with(const shutdown_report& report,
                           const std::string& data);

/// Waits until a stop is requested, no longer than `limit`.
/// @returns whether it was
bool told_within(const std::stop_token& stop, std::chrono::milliseconds limit);

/// The threads that are inside something.
class visitors {
public:
  void enter();
  void leave();

  /// Waits until nobody is inside, no longer than `limit`.
  /// @returns whether that is so
  bool gone_within(std::chrono::milliseconds limit);

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
};

} // namespace hololoom::hostile
