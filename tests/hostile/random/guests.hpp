#pragma once

#include "hostile/random/tree.hpp"

#include <hololoom/actors/supervision/child_spec.hpp>

/// The workers of a random tree: they behave as the tree says, and write down
/// the truth about themselves.

namespace hololoom::hostile {

child_spec spec_of(const tree_node& x);

/// Must be called before `run_if_child_process`.
void register_random_processes();

} // namespace hololoom::hostile
