#pragma once

#include "hostile/hostile_run.hpp"
#include "hostile/random/tree.hpp"
#include "hostile/random/truth.hpp"

#include <string>
#include <vector>

namespace hololoom::hostile {

/// Holds a report against the truth.
/// @returns what is wrong, a sentence each
std::vector<std::string> problems_of(const random_case& x, const outcome& seen,
                                     const record& truth);

} // namespace hololoom::hostile
