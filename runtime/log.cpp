#include <hololoom/runtime/log.hpp>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace hololoom {

caf::expected<logger_ptr> make_logger(const log_options& options) {
  auto level = spdlog::level::from_str(options.level);
  if (level == spdlog::level::off && options.level != "off")
    return failure(errc::invalid_config,
                   "log.level is \"" + options.level
                     + "\"; expected trace, debug, info, warn, error, "
                       "critical or off");
  try {
    spdlog::sink_ptr sink;
    if (options.file.empty())
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    else
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
    auto logger = std::make_shared<spdlog::logger>("hololoom", std::move(sink));
    logger->set_level(level);
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v",
                        spdlog::pattern_time_type::utc);
    logger->flush_on(spdlog::level::info);
    return logger;
  } catch (const spdlog::spdlog_ex& e) {
    return failure(errc::invalid_config, "cannot open log.file \""
                                           + options.file + "\": " + e.what());
  }
}

void log_info(spdlog::logger& log, std::string_view line) {
  log.info(line);
}

void log_warning(spdlog::logger& log, std::string_view line) {
  log.warn(line);
}

bool logs_info(const spdlog::logger& log) {
  return log.should_log(spdlog::level::info);
}

} // namespace hololoom
