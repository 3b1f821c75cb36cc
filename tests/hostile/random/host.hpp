#pragma once

#include <cstdint>
#include <string>

namespace hololoom::hostile {

/// Grows the tree of the seed, says "ready", closes it as the seed says, and
/// ends the program. What the guests write about themselves is in DATA/truth.
[[noreturn]] void run_random(const std::string& data, std::uint64_t seed);

} // namespace hololoom::hostile
