#pragma once

#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/exit_code.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
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
/// If the reader of standard output leaves, or a write fails, the rest is
/// dropped and `code` reports it. The command still closes in order. A reader
/// that pauses is waited for: of standard output until `hurry` and a second
/// more, of standard error for a second, after which notes may be lost.
class console {
public:
  /// Reads the terminals' state, NO_COLOR, TERM and COLUMNS, and ignores
  /// SIGPIPE from here on.
  console();

  // -- writing ----------------------------------------------------------------

  /// Writes `text` to standard output at once, so that a reader can act on it.
  void result(std::string_view text);

  /// Writes a line to standard error.
  void note(std::string_view line);

  /// Writes an error to standard error.
  /// @returns its exit code.
  int fail(const caf::error& err);
  int fail(exit_code code, std::string_view sentence);

  /// Shows `line` in place of the previous status, on a terminal only. An empty
  /// line removes it.
  void status(std::string_view line);

  /// Set by the signal that asks the program to end; may outlive the console.
  using hurry_flag = std::shared_ptr<std::atomic<bool>>;
  const hurry_flag& hurry() const noexcept { return hurried_; }

  // -- state ------------------------------------------------------------------

  const style& out_style() const noexcept { return out_; }
  bool err_is_terminal() const noexcept { return err_is_terminal_; }

  /// Whether standard output has failed, so that more results are pointless.
  bool out_is_gone() const;

  /// `code`, unless standard output failed: then 141 if the reader left, which
  /// is the shell's code for SIGPIPE, or 74 with an error on standard error.
  int code(int code);

private:
  void write_error(std::string_view text);

  style out_;
  hurry_flag hurried_ = std::make_shared<std::atomic<bool>>(false);
  bool err_is_terminal_ = false;
  bool err_is_blocked_ = false;
  bool has_status_ = false;
  int out_error_ = 0;
};

} // namespace hololoom::cli
