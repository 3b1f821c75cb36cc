#include <hololoom/messages/sync.hpp>
#include <hololoom/runtime/cli/terminal/console.hpp>
#include <hololoom/runtime/write_all.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sys/ioctl.h>
#include <unistd.h>

namespace hololoom::cli {

namespace {

constexpr std::size_t widest = 100;

/// How long a reader may take nothing: of standard output once the program was
/// told to end, of standard error at any time.
constexpr std::chrono::milliseconds longest_wait{1'000};

/// One for the process, as the streams are.
mutex& streams() {
  static mutex instance;
  return instance;
}

std::string variable(const char* name) {
  const auto* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{value};
}

std::size_t columns_of(int fd) {
  if (auto given = variable("COLUMNS"); !given.empty())
    return std::strtoul(given.c_str(), nullptr, 10);
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

} // namespace

console::console() {
  std::signal(SIGPIPE, SIG_IGN);
  auto dumb = variable("TERM") == "dumb";
  err_is_terminal_ = ::isatty(STDERR_FILENO) == 1 && !dumb;
  if (::isatty(STDOUT_FILENO) != 1)
    return;
  out_.colour = !dumb && variable("NO_COLOR").empty();
  auto columns = columns_of(STDOUT_FILENO);
  out_.width = std::min(columns < 20 ? std::size_t{80} : columns, widest);
}

void console::result(std::string_view text) {
  lock_guard guard{streams()};
  if (out_error_ == 0)
    out_error_ = write_all(STDOUT_FILENO, text, [this](auto idle) {
      return !*hurried_ || idle < longest_wait;
    });
}

void console::note(std::string_view line) {
  lock_guard guard{streams()};
  std::string text = has_status_ ? "\r\033[K" : "";
  has_status_ = false;
  text += line;
  text += '\n';
  write_error(text);
}

void console::write_error(std::string_view text) {
  // A reader that has let the program wait once is not waited for again.
  auto error = write_all(STDERR_FILENO, text, [this](auto idle) {
    return !err_is_blocked_ && idle < longest_wait;
  });
  err_is_blocked_ = error == ETIMEDOUT;
}

int console::fail(const caf::error& err) {
  auto sentence = explain(err);
  // The library does not know this program's options.
  if (is(err, errc::data_dir_unusable))
    sentence += ", or with --data";
  return fail(exit_code_for(code_of(err)), sentence);
}

int console::fail(exit_code code, std::string_view sentence) {
  note("hololoom: " + std::string{sentence});
  return static_cast<int>(code);
}

void console::status(std::string_view line) {
  lock_guard guard{streams()};
  if (!err_is_terminal_ || (line.empty() && !has_status_))
    return;
  has_status_ = !line.empty();
  write_error("\r" + std::string{line} + "\033[K");
}

bool console::out_is_gone() const {
  lock_guard guard{streams()};
  return out_error_ != 0;
}

int console::code(int code) {
  constexpr auto reader_left = 128 + SIGPIPE;
  if (out_error_ == 0)
    return code;
  if (out_error_ == EPIPE)
    return code == 0 ? reader_left : code;
  std::string why = out_error_ == ETIMEDOUT ? "its reader takes nothing"
                                            : std::strerror(out_error_);
  auto failed = fail(exit_code::io, "cannot write the result: " + why);
  return code == 0 ? failed : code;
}

} // namespace hololoom::cli
