#pragma once

#include <caf/fwd.hpp>

// Every message that may cross a wire has an id in *_ids.hpp, in a block for
// each role, so that a source depends on the messages of its role alone.
// Messages travel under their type's name: renaming a type or its namespace
// breaks old peers. Ids 1000 to 1399 are for these, a hundred a block; 1400 is
// the error code's, from 1500 on are local messages; a program's own block
// starts at 2000.

namespace hololoom {

/// Makes HoloLoom's messages and error category known to an actor system. A
/// program with an actor system of its own calls it on its config.
void register_types(caf::actor_system_config& config);

} // namespace hololoom
