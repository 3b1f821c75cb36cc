#pragma once

#include <hololoom/actors/supervision/outlet.hpp>
#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/time.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace hololoom {

/// Where and how much a loom logs.
struct log_options {
  /// trace, debug, info, warn, error, critical or off.
  std::string level = "warn";
  /// A file to append to; empty: standard error.
  std::string file = {};

  static constexpr auto fields() {
    return members(member("level", &log_options::level),
                   member("file", &log_options::file));
  }
  bool operator==(const log_options&) const = default;
};

/// How serious a line is, and the least serious one that a log writes.
enum class log_level : std::uint8_t {
  trace,
  debug,
  info,
  warn,
  error,
  critical,
  off,
};

/// Writes lines to a descriptor on a thread of its own: no caller waits for a
/// terminal, a pipe or a disk. Thread-safe.
///
/// While the descriptor takes nothing, `outlet::capacity` lines wait; those
/// beyond, and those whose write fails, are lost and counted. The next line
/// that is written follows one that says how many. The destructor waits for no
/// write.
class logger {
public:
  /// Lines that were lost, and why.
  struct loss {
    std::int64_t lines = 0;
    std::string why;
    /// A write does not return: its thread is left behind.
    bool stuck = false;
  };

  /// @param fd is closed with the logger if it is none of the standard
  ///           descriptors
  logger(log_level least, int fd);

  void write(log_level level, std::string_view text);

  bool writes(log_level level) const { return level >= least_; }

  /// Waits until the lines so far are written, until `due` at the latest.
  /// @returns whether they are.
  bool settle(outlet::time_point due) { return thread_.settle(due); }

  /// The same; lines that are not written within `limit` are lost. A log that
  /// was found stuck is not waited for again.
  /// @returns what was lost since the start.
  loss flush(millis limit);

private:
  class file;

  log_level least_;
  std::atomic<bool> stuck_{false};
  std::shared_ptr<file> file_;
  outlet thread_;
};

using logger_ptr = std::shared_ptr<logger>;

/// Makes a logger.
/// @returns `errc::invalid_config` for an unknown level or a file that cannot
///          be opened, `errc::unavailable` if no thread can be had.
caf::expected<logger_ptr> make_logger(const log_options& options);

void log_info(logger& log, std::string_view line);
void log_warning(logger& log, std::string_view line);

/// Whether `log_info` writes anything, for callers whose lines cost something.
bool logs_info(const logger& log);

} // namespace hololoom
