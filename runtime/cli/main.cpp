#include <hololoom/actors/workers/process/process.hpp>
#include <hololoom/messages/exit_code.hpp>
#include <hololoom/runtime/cli/command_line.hpp>

#include <unistd.h>

int main(int argc, char** argv) {
  using hololoom::exit_code;
  if (auto code = hololoom::run_if_child_process(argc, argv))
    return *code;
  auto code = hololoom::cli::run(argc, argv);
  // A thread that could not be stopped still runs, so that nothing may be
  // destroyed.
  if (code == static_cast<int>(exit_code::forced))
    ::_exit(code);
  return code;
}
