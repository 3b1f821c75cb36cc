#include <hololoom/runtime/log.hpp>
#include <hololoom/runtime/write_all.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace hololoom {

namespace {

using namespace std::chrono_literals;

/// The names of the levels, in their order.
constexpr std::array<std::string_view, 7> level_names{
  "trace", "debug", "info", "warn", "error", "critical", "off"};

/// `2026-11-23T15:54:08.123456Z warning TEXT`
std::string line_of(log_level level, std::string_view text) {
  auto line = to_iso8601(now());
  line += level == log_level::info ? " info " : " warning ";
  line += text;
  line += '\n';
  return line;
}

/// A reader that goes away must not end the process.
void block_sigpipe() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

} // namespace

/// Shared with the logger's thread, which may outlive the logger.
class logger::file {
public:
  explicit file(int fd) : fd_(fd) {}
  ~file() {
    if (fd_ > STDERR_FILENO)
      ::close(fd_);
  }
  file(const file&) = delete;
  file& operator=(const file&) = delete;

  /// Called on the logger's thread.
  void write(std::string_view line) {
    if (!patient_ && error_ == ETIMEDOUT)
      return miss();
    if (auto missed = missed_.exchange(0); missed > 0) {
      auto notice =
        line_of(log_level::warn, "the log has lost " + std::to_string(missed)
                                   + " lines: " + why());
      if (put(notice))
        lost_ += missed;
      else
        missed_ += missed;
    }
    if (!put(line))
      miss();
  }

  /// A line is lost.
  void miss() { ++missed_; }

  /// Lets go of a write that waits for the descriptor to take something.
  void give_up() { patient_ = false; }

  std::int64_t lost() const { return lost_ + missed_; }
  std::string why() const {
    switch (error_) {
      case 0: return "they came faster than it takes them";
      case ETIMEDOUT: return "its reader takes nothing";
      default: return std::strerror(error_);
    }
  }

private:
  bool put(std::string_view line) {
    auto text = torn_ ? "\n" + std::string{line} : std::string{line};
    std::string_view left = text;
    auto error = write_all(fd_, left, [this](auto) { return patient_.load(); });
    if (error == 0) {
      torn_ = false;
      return true;
    }
    torn_ = torn_ || left.size() < text.size();
    error_ = error;
    return false;
  }

  const int fd_;
  bool torn_ = false; ///< The last line was not written to its end.
  std::atomic<bool> patient_{true};
  std::atomic<int> error_{0};
  std::atomic<std::int64_t> missed_{0}; ///< Lost, and not said yet.
  std::atomic<std::int64_t> lost_{0};   ///< Lost, and said.
};

logger::logger(log_level least, int fd)
  : least_(least), file_(std::make_shared<file>(fd)) {
  thread_.post(&block_sigpipe);
}

void logger::write(log_level level, std::string_view text) {
  if (!writes(level))
    return;
  auto line = line_of(level, text);
  if (!thread_.post([to = file_, line] { to->write(line); }))
    file_->miss();
}

logger::loss logger::flush(millis limit) {
  auto due = [](millis x) {
    return std::chrono::steady_clock::now()
         + std::chrono::ceil<std::chrono::nanoseconds>(x);
  };
  loss result;
  if (!stuck_ && !settle(due(limit))) {
    file_->give_up();
    stuck_ = !settle(due(500ms));
  }
  result.stuck = stuck_;
  result.lines = file_->lost();
  if (result.lines > 0)
    result.why = file_->why();
  return result;
}

caf::expected<logger_ptr> make_logger(const log_options& options) {
  auto level = std::find(level_names.begin(), level_names.end(), options.level);
  if (level == level_names.end())
    return failure(errc::invalid_config,
                   "log.level is \"" + options.level
                     + "\"; expected trace, debug, info, warn, error, "
                       "critical or off");
  auto fd = STDERR_FILENO;
  if (!options.file.empty()) {
    std::error_code no_folder;
    if (auto above = std::filesystem::path{options.file}.parent_path();
        !above.empty())
      std::filesystem::create_directories(above, no_folder);
    // A pipe without a reader is an error, rather than a wait for one.
    fd = ::open(options.file.c_str(),
                O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666);
    if (fd < 0)
      return failure(errc::invalid_config, "cannot open log.file \""
                                             + options.file
                                             + "\": " + std::strerror(errno));
  }
  try {
    return std::make_shared<logger>(
      static_cast<log_level>(level - level_names.begin()), fd);
  } catch (const std::system_error& e) {
    return failure(errc::unavailable,
                   std::string{"no thread can be had for the log: "}
                     + e.what());
  }
}

void log_info(logger& log, std::string_view line) {
  log.write(log_level::info, line);
}

void log_warning(logger& log, std::string_view line) {
  log.write(log_level::warn, line);
}

bool logs_info(const logger& log) {
  return log.writes(log_level::info);
}

} // namespace hololoom
