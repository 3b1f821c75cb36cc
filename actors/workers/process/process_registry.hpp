#pragma once

#include <hololoom/messages/errc.hpp>

#include <string>
#include <vector>

namespace hololoom::detail {

/// Whether a child process could run the function called `name`: it is
/// registered, and `main` calls the hook.
caf::error check_process_function(const std::string& name);

/// The arguments, the program's name first, by which `run_if_child_process`
/// knows a child process of this one.
std::vector<std::string>
child_arguments(const std::string& function,
                const std::vector<std::string>& arguments);

} // namespace hololoom::detail
