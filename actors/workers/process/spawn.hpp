#pragma once

#include <hololoom/actors/workers/process/descriptor.hpp>

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace hololoom::detail {

/// How to start a process.
struct process_plan {
  std::string program;
  std::vector<std::string> arguments; // the first is the program's name
  std::map<std::string, std::string> environment;
  bool own_group = true;
  bool wants_output = false;
};

/// Makes a pipe whose ends are above the standard descriptors, the reading end
/// nonblocking.
bool make_pipe(descriptor& reading, descriptor& writing);

/// Starts a process that writes its output to `out` and `err`. It inherits no
/// other descriptor, no input and no signal mask.
caf::expected<pid_t> spawn_process(const process_plan& plan,
                                   const descriptor& out,
                                   const descriptor& err);

/// The error of a start at which `what` failed.
caf::error start_failure(const char* what, int error);

} // namespace hololoom::detail
