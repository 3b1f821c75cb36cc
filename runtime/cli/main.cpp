#include <hololoom/actors/workers/process/process.hpp>
#include <hololoom/runtime/cli/commands/commands.hpp>
#include <hololoom/runtime/signals.hpp>

#include <unistd.h>

int main(int argc, char** argv) {
  using hololoom::cli::exit_code;
  if (auto code = hololoom::run_if_child_process(argc, argv))
    return *code;
  // Before any other thread, so that all of them leave the signals to it.
  hololoom::signal_watch signals;
  auto code = hololoom::cli::run(argc, argv, signals);
  // A thread that could not be ended still runs: nothing may be destroyed.
  if (code == static_cast<int>(exit_code::forced))
    ::_exit(code);
  return code;
}
