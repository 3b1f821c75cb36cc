#pragma once

#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/lifecycle.hpp>

namespace hololoom {

/// Ends the program with the report's exit code, and says on standard error
/// what did not end well. What the program has written is flushed. If something
/// was abandoned, destructors of static objects and `atexit` functions do not
/// run, because what they take away may still be in use; objects of the callers
/// are never destroyed, as with `std::exit`.
[[noreturn]] void finish(const shutdown_report& report);

/// Ends the program with the exit code for `why`, which it says on standard
/// error.
[[noreturn]] void finish(const caf::error& why);

} // namespace hololoom
