#pragma once

#include <hololoom/messages/errc.hpp>

#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace hololoom {

/// Where a loom writes what it does.
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

/// Makes a logger; any thread may use it.
/// @returns `errc::invalid_config` for an unknown level or a file that cannot
///          be opened.
caf::expected<std::shared_ptr<spdlog::logger>>
make_logger(const log_options& options);

} // namespace hololoom
