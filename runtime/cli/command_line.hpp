#pragma once

/// The program: its command line, its commands and its terminal.
///
/// Owns the console and at most one loom, for the length of a command; may know
/// all of runtime, and of the actors what a command prints or reads. Only
/// `main` uses it. A command is a file of `commands/`, listed in
/// `commands/commands.hpp`.

namespace hololoom::cli {

/// Runs the command line. Called first thing in `main`: it watches for signals,
/// which threads that were started before would take away.
/// @returns the exit code. After 75 the process must end by `_exit`: a thread
///          that does not end is still running.
int run(int argc, const char* const* argv);

} // namespace hololoom::cli
