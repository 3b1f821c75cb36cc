#pragma once

#include <hololoom/runtime/cli/commands/commands.hpp>
#include <hololoom/runtime/loom.hpp>

#include <memory>

namespace hololoom::cli {

/// The config that `options` ask for: the file's or the preset `fused`, with
/// the data directory of `--data` or the default one.
/// @returns `errc::invalid_config`, `errc::not_found`, ... of the file.
caf::expected<config> config_for(const loom_options& options);

/// A loom for the length of a command.
///
/// The first SIGTERM or SIGINT begins its cascade, a second one skips the
/// waiting; whatever the command is at then gets `errc::shutting_down`.
class session {
public:
  /// Watches for signals from here on; one session at a time.
  explicit session(context ctx);
  ~session();

  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// Opens the loom. A signal that came before closes it at once.
  caf::error open(config cfg);

  /// @pre `open` succeeded.
  hololoom::loom& loom();

  /// The signal that came first, or 0.
  int signal() const;

  /// A descriptor that can be read once a signal came.
  int interrupt_fd() const;

  /// While it lives, a signal does not begin the cascade but only makes
  /// `interrupt_fd` readable: for work with the loom's actors and system, which
  /// may be gone after the cascade.
  class direct_use {
  public:
    explicit direct_use(session& with);
    ~direct_use();
    direct_use(const direct_use&) = delete;
    direct_use& operator=(const direct_use&) = delete;

  private:
    session& with_;
  };

  /// Closes the loom, if there is one.
  /// @returns 75 if something had to be let go, 128 + the signal if one came,
  ///          else `code`.
  int close(int code);

  /// Tells what went wrong, unless it is a consequence of a signal, and closes.
  int fail(const caf::error& err);

  struct state;

private:
  context ctx_;
  std::shared_ptr<state> state_;
};

/// Writes what a report says of children that did not end by themselves.
/// @returns its exit code
int tell(const shutdown_report& report, console& out);

} // namespace hololoom::cli
