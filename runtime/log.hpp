#pragma once

#include <hololoom/messages/errc.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace hololoom {

/// Where and how much a loom logs.
struct log_options {
  /// trace, debug, info, warn, error, critical or off.
  std::string level = "warn";
  /// A file to append to; empty: standard error.
  std::string file;

  static constexpr auto fields() {
    return std::tuple{member("level", &log_options::level),
                      member("file", &log_options::file)};
  }
  bool operator==(const log_options&) const = default;
};

using logger_ptr = std::shared_ptr<spdlog::logger>;

/// Makes a logger; any thread may use it. It flushes after every line.
/// @returns `errc::invalid_config` for an unknown level or a file that cannot
///          be opened.
caf::expected<logger_ptr> make_logger(const log_options& options);

// spdlog's own headers take seconds to parse; log.cpp alone includes them.

void log_info(spdlog::logger& log, std::string_view line);
void log_warning(spdlog::logger& log, std::string_view line);

/// Whether `log_info` writes anything, for callers whose lines cost something.
bool logs_info(const spdlog::logger& log);

} // namespace hololoom
