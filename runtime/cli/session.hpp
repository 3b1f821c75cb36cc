#pragma once

#include <hololoom/runtime/cli/command.hpp>
#include <hololoom/runtime/loom.hpp>

#include <functional>
#include <memory>
#include <stop_token>

namespace hololoom::cli {

/// The config that `options` ask for: the file's or the preset `fused`, with
/// the data directory of `--data` or the default one; with none if the command
/// does not keep anything.
/// @returns `errc::invalid_config`, `errc::not_found`, ... of the file, and
///          `errc::data_dir_unusable` if there is no default.
caf::expected<config> config_for(const loom_options& options,
                                 bool keeps = true);

/// A loom for the length of a command.
///
/// The first SIGTERM, SIGINT or SIGHUP begins its cascade, and a call that the
/// command is in the middle of then fails with `errc::shutting_down`. A second
/// signal skips the rest of the grace period.
class session {
public:
  /// What the first signal does.
  enum class on_signal {
    /// It begins the cascade.
    close,
    /// It stops the stop token, makes `interrupt_fd` readable and leaves the
    /// loom open until the command is done, which must be soon: for work with
    /// the loom's actors and system, which the cascade may take away.
    interrupt_input,
  };

  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session();

  hololoom::loom& loom();

  /// The signal that came first, or 0.
  int signal() const;

  /// Requests a stop when a signal comes. Whatever takes long looks at it.
  std::stop_token stop_token() const;

  /// A descriptor that can be read once a signal has come.
  int interrupt_fd() const;

private:
  friend int with_loom(context, caf::expected<config>,
                       const std::function<caf::expected<int>(session&)>&,
                       on_signal);

  session(context ctx, on_signal reaction);

  /// Opens the loom. A signal that came before closes it at once.
  caf::error open(config cfg);

  /// Closes the loom, if it is open.
  /// @returns 75 if something had to be abandoned, 128 + the signal if one
  ///          came, otherwise `code`.
  int close(int code);

  /// Prints `err`, unless it is a consequence of a signal, and closes.
  int fail(const caf::error& err);

  struct state;

  context ctx_;
  std::shared_ptr<state> state_;
};

/// Opens a loom with `cfg`, calls `work`, which answers an exit code or why it
/// failed, and closes the loom. Watches for signals all the while; one session
/// at a time.
/// @returns the program's exit code.
int with_loom(context ctx, caf::expected<config> cfg,
              const std::function<caf::expected<int>(session&)>& work,
              session::on_signal reaction = session::on_signal::close);

} // namespace hololoom::cli
