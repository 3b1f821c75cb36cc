#pragma once

#include <hololoom/messages/caf/put.hpp>

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/system_messages.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace hololoom {

/// Asks `target` to exit for `reason`, ahead of everything in its mailbox.
///
/// CAF's own `send_exit` queues behind the backlog, even with
/// `exit_reason::kill`; this one takes effect after the handler that runs now.
/// The target's exit handler sees `source` as the sender. Thread-safe; a target
/// that is gone is ignored.
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

/// The reason of an end by shutdown that says why, for people.
inline caf::error shutdown_because(std::string why) {
  auto plain = caf::make_error(caf::exit_reason::user_shutdown);
  return {plain.code(), plain.category(), caf::make_message(std::move(why))};
}

/// Whether `x` is an exit message that no exit handler gets: a kill.
inline bool is_kill(const caf::mailbox_element& x) {
  const auto& content = x.content();
  return content.match_elements<caf::exit_msg>()
      && content.get_as<caf::exit_msg>(0).reason == caf::exit_reason::kill;
}

/// Whether the actor behind `x` has ended. Its downs are sent at that moment.
inline bool is_down(const caf::strong_actor_ptr& x) {
  return !x || x->get()->getf(caf::abstract_actor::is_cleaned_up_flag);
}

/// Why the actor behind `x` has ended; nothing while it has not.
inline std::optional<caf::error>
exit_reason_of(const caf::strong_actor_ptr& x) {
  if (!x || !is_down(x))
    return std::nullopt;
  // What is attached to an actor that has ended is called at once.
  auto result = std::make_shared<std::optional<caf::error>>();
  x->get()->attach_functor(
    [result](const caf::error& reason) { *result = reason; });
  return *result;
}

} // namespace hololoom
