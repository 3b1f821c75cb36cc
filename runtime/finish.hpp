#pragma once

#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/lifecycle.hpp>

#include <string>
#include <vector>

namespace hololoom {

/// Ends the program with the report's exit code, and says on standard error
/// what did not end well. What the program has written is flushed. If something
/// was abandoned, destructors of static objects and `atexit` functions do not
/// run, because what they take away may still be in use; objects of the callers
/// are never destroyed, as with `std::exit`.
[[noreturn]] void finish(const shutdown_report& report);

/// What a report says of children that did not end by themselves, of the flush,
/// and of the phases: a line each, for people; none if all went well.
std::vector<std::string> troubles_of(const shutdown_report& report);

/// Ends the program with the exit code for `why`, which it says on standard
/// error. A loom that is open is not closed, and what it has not acknowledged
/// is lost: return from `main` instead, or close it first.
[[noreturn]] void finish(const caf::error& why);

} // namespace hololoom
