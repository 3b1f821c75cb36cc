#pragma once

#include <hololoom/runtime/cli/command.hpp>

namespace hololoom::cli {

/// Declares a command to the parser; defined in the file of that command.
using add_function = void(CLI::App& app, job& chosen);

add_function add_remember, add_weave, add_reflect, add_episodes, add_metrics,
  add_verify, add_repair, add_backup, add_restore, add_config;

/// The commands, in the order of `--help`.
inline constexpr add_function* commands[] = {
  add_remember, add_weave,  add_reflect, add_episodes, add_metrics,
  add_verify,   add_repair, add_backup,  add_restore,  add_config,
};

} // namespace hololoom::cli
