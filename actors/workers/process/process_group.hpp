#pragma once

#include <hololoom/actors/workers/process/descriptor.hpp>

#include <sys/types.h>

namespace hololoom::detail {

/// A pidfd of a process of `group` that has not ended; none if all have. A
/// zombie has ended: it holds no file, no lock and no memory.
descriptor survivor_of(pid_t group);

} // namespace hololoom::detail
