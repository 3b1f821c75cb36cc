#pragma once

#include <hololoom/runtime/cli/session.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>

#include <string>
#include <vector>

namespace hololoom::cli {

/// Reads `paths` into the loom's memory, with a progress bar on a terminal.
caf::expected<loading_report>
read_into(session& with, const std::vector<std::string>& paths, console& out);

/// 0 if a file could be read or there was none, otherwise 74 if the system
/// refused to read one, and 65 if none had text.
int exit_code_of(const reading_report& report);

} // namespace hololoom::cli
