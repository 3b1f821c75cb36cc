#pragma once

#include <hololoom/messages/lifecycle.hpp>

#include <string>

namespace hololoom::hostile {

/// Prints a line with one `write`, so that lines of several threads do not mix.
void say(const std::string& line);

/// Writes the report to DATA/report.json, says "closed", waits for the end of
/// the input, and ends the program with the report's exit code.
[[noreturn]] void end_with(const shutdown_report& report,
                           const std::string& data);

} // namespace hololoom::hostile
