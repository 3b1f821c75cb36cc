#pragma once

#include <string>

namespace hololoom {

/// A new unique name: a UUID of version 7 (RFC 9562). Its text sorts by the
/// millisecond in which it was made, so that an index of many grows at its end.
/// Thread-safe.
std::string make_uuid();

} // namespace hololoom
