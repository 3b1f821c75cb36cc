#pragma once

#include <caf/actor_control_block.hpp>
#include <caf/execution_unit.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>

#include <utility>

namespace hololoom {

/// What runs actors, as `context()` gives it (`caf::scheduler` in 1.x).
using execution_unit = caf::execution_unit;

/// Puts `what` into the mailbox of `to` as a message from `from`. An actor
/// passes its `context()` as `host`, which spares the scheduler a detour.
/// Thread-safe.
inline void put(const caf::strong_actor_ptr& to, caf::strong_actor_ptr from,
                caf::message_id id, caf::message what,
                execution_unit* host = nullptr) {
  to->enqueue(std::move(from), id, std::move(what), host);
}

/// The same, from no sender and with no answer awaited.
inline void put(const caf::strong_actor_ptr& to, caf::message what,
                execution_unit* host = nullptr) {
  put(to, nullptr, caf::make_message_id(), std::move(what), host);
}

} // namespace hololoom
