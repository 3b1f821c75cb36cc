#include <hololoom/messages/sync.hpp>
#include <hololoom/runtime/cli/terminal/console.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sys/ioctl.h>
#include <unistd.h>

namespace hololoom::cli {

namespace {

constexpr std::size_t widest = 100;

/// One for the process, as the streams are.
mutex& streams() {
  static mutex instance;
  return instance;
}

/// @returns 0 or the `errno` of the write that failed.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    auto size = ::write(fd, text.data(), text.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0)
      return errno;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return 0;
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
    out_error_ = write_all(STDOUT_FILENO, text);
}

void console::note(std::string_view line) {
  lock_guard guard{streams()};
  std::string text = has_status_ ? "\r\033[K" : "";
  has_status_ = false;
  text += line;
  text += '\n';
  write_all(STDERR_FILENO, text);
}

int console::fail(const caf::error& err) {
  return fail(exit_code_for(code_of(err)), explain(err));
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
  write_all(STDERR_FILENO, "\r" + std::string{line} + "\033[K");
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
  auto failed = fail(exit_code::io, std::string{"cannot write the result: "}
                                      + std::strerror(out_error_));
  return code == 0 ? failed : code;
}

} // namespace hololoom::cli
