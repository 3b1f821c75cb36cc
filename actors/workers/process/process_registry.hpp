#pragma once

#include <hololoom/messages/errc.hpp>

#include <string>
#include <vector>

namespace hololoom::detail {

/// Checks that a child process can run the function called `name`: that it is
/// registered and that `main` has called `run_if_child_process`.
caf::error check_process_function(const std::string& name);

/// The arguments, the program's name first, that make `run_if_child_process`
/// run `function` in a child process.
std::vector<std::string>
child_arguments(const std::string& function,
                const std::vector<std::string>& arguments);

} // namespace hololoom::detail
