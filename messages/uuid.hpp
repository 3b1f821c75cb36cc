#pragma once

#include <string>

namespace hololoom {

/// A new name that nobody else has: a UUID of version 7 (RFC 9562), whose text
/// sorts by the millisecond it was made, so that an index of many grows at its
/// end. Safe from any thread.
std::string make_uuid();

} // namespace hololoom
