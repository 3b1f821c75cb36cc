#pragma once

#include <hololoom/messages/errc.hpp>
#include <hololoom/runtime/cli/exit_codes.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace hololoom::cli {

/// How text may look.
struct style {
  bool colour = false;
  /// Columns to wrap at; 0: do not wrap.
  std::size_t width = 0;
};

/// Where a command writes: results to standard output, everything else to
/// standard error. Thread-safe.
///
/// When nobody reads standard output any more, or it cannot be written, the
/// rest is dropped; `code` then says so. The command still closes in order.
class console {
public:
  /// Looks at the terminals and at NO_COLOR, TERM and COLUMNS, and ignores
  /// SIGPIPE from here on.
  console();

  // -- writing ----------------------------------------------------------------

  /// Writes `text` to standard output.
  void result(std::string_view text);

  /// Writes `json` as a line, at once, so that a reader can act on it.
  void result_line(std::string json);

  /// Tells people something: a line on standard error.
  void note(std::string_view line);

  /// Tells people what went wrong.
  /// @returns the exit code for it.
  int fail(const caf::error& err);
  int fail(exit_code code, std::string_view sentence);

  /// Shows `line` in place of the last one; only on a terminal. An empty line
  /// takes it away.
  void status(std::string_view line);

  // -- how it stands ----------------------------------------------------------

  const style& out_style() const noexcept { return out_; }
  bool err_is_terminal() const noexcept { return err_is_terminal_; }

  /// Whether standard output is gone, so that more results are pointless.
  bool out_is_gone() const;

  /// `code`, unless standard output failed: then 141 for a reader that left,
  /// as the shell says of SIGPIPE, or 74 with a word on standard error.
  int code(int code);

private:
  style out_;
  bool err_is_terminal_ = false;
  bool has_status_ = false;
  int out_error_ = 0;
};

} // namespace hololoom::cli
