#pragma once

#include <hololoom/messages/caf/put.hpp>

#include <caf/actor_cast.hpp>
#include <caf/exit_reason.hpp>
#include <caf/system_messages.hpp>

namespace hololoom {

/// Asks `target` to end for `reason`, ahead of whatever its mailbox holds.
///
/// CAF's own `send_exit` queues behind the backlog, `exit_reason::kill`
/// included; this one takes effect after the handler that runs now. `source`
/// is what the target's exit handler sees as the sender. An actor that ends
/// very many others passes its `context()` as `host`, which spares the
/// scheduler a detour for each. Thread-safe; nothing happens when the target is
/// gone.
inline void exit_high(const caf::strong_actor_ptr& target, caf::error reason,
                      const caf::actor_addr& source = {},
                      execution_unit* host = nullptr) {
  if (!target)
    return;
  put(target, nullptr, caf::make_message_id(caf::message_priority::high),
      caf::make_message(caf::exit_msg{source, std::move(reason)}), host);
}

/// The same, for any kind of actor handle.
template <class Handle>
void exit_high(const Handle& target, caf::exit_reason reason) {
  exit_high(caf::actor_cast<caf::strong_actor_ptr>(target),
            caf::make_error(reason));
}

} // namespace hololoom
