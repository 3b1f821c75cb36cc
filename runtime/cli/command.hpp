#pragma once

#include <hololoom/runtime/cli/terminal/console.hpp>

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

/// The parts of a command: a name, options, and a function from the options to
/// an exit code. Each file of `commands/` declares one to the parser.

namespace hololoom {
class signal_watch;
}

namespace hololoom::cli {

/// What every command gets to work with.
struct context {
  console& out;
  /// Not started; a command that opens a loom starts it.
  signal_watch& signals;
};

/// A command with its options filled in; answers the exit code.
using job = std::function<int(context)>;

/// Options that say which loom.
struct loom_options {
  /// Empty: the default data directory.
  std::string data;
  /// A config file; empty: the preset `fused`.
  std::string config;
  bool json = false;
};

/// Declares the command `name` below `parent`: if it is the one that was asked
/// for, `chosen` becomes a call of `run` with its options.
/// @returns the command and its options, to tie the arguments to.
template <class Options>
std::pair<CLI::App*, std::shared_ptr<Options>>
add_command(CLI::App& parent, job& chosen, const std::string& name,
            const std::string& summary, int (*run)(const Options&, context),
            std::shared_ptr<Options> options = std::make_shared<Options>()) {
  auto* command = parent.add_subcommand(name, summary);
  command->callback([&chosen, options, run, command] {
    if (command->get_subcommands().empty())
      chosen = [options, run](context ctx) {
        return run(*options, ctx);
      };
  });
  return {command, options};
}

/// Adds --data, --config and --json.
void add_loom_options(CLI::App& command, loom_options& options);

/// The end of a command's help; every command has one.
std::string example(const std::string& lines);

} // namespace hololoom::cli
