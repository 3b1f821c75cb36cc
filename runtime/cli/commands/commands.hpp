#pragma once

#include <hololoom/messages/attributes.hpp>
#include <hololoom/runtime/cli/terminal/console.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The program's commands as functions: options in, exit code out. Only
/// `arguments.cpp` knows how they are spelt on the command line.

namespace hololoom {
class signal_watch;
}

namespace hololoom::cli {

/// What every command is given.
struct context {
  console& out;
  /// Not started; null where there is no program around it. A command that
  /// opens a loom starts it.
  signal_watch* signals = nullptr;
};

/// Options that say which loom.
struct loom_options {
  /// Empty: the default data directory.
  std::string data;
  /// A config file; empty: the preset `fused`.
  std::string config;
  bool json = false;
};

struct remember_options : loom_options {
  std::vector<std::string> paths;
};
int run_remember(const remember_options& options, context ctx);

struct weave_command_options : loom_options {
  std::string query;
  std::vector<std::string> from;
  /// bare, fast, fused or auto; empty: the config's.
  std::string card;
  std::optional<double> deadline_ms;
};
int run_weave(const weave_command_options& options, context ctx);

struct reflect_options : loom_options {
  std::string id;
  std::optional<bool> helpful;
  std::optional<double> rating;
  std::optional<std::string> comment;
};
int run_reflect(const reflect_options& options, context ctx);

struct episodes_options : loom_options {
  /// Of `export`: the folder to write. Of `import`: the folder to read, or "-"
  /// for standard input.
  std::string where;
};
int run_episodes_list(const episodes_options& options, context ctx);
int run_episodes_export(const episodes_options& options, context ctx);
int run_episodes_import(const episodes_options& options, context ctx);

int run_metrics(const loom_options& options, context ctx);
int run_repair(const loom_options& options, context ctx);

struct config_options {
  /// A preset's name or a file; empty: the preset `fused`.
  std::string which;
};
/// Prints the whole config, every key of it.
int run_config(const config_options& options, context ctx);
/// Says whether a file is a config.
int run_config_check(const config_options& options, context ctx);

/// Runs the command line.
/// @returns the exit code. After 75, the process must end by `_exit`: a thread
///          that does not end is still running.
int run(int argc, const char* const* argv, signal_watch& signals);

} // namespace hololoom::cli
