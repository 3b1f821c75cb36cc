#pragma once

#include <hololoom/messages/caf/put.hpp>

#include <caf/delegated.hpp>
#include <caf/error.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/message.hpp>
#include <caf/result.hpp>

#include <utility>

namespace hololoom {

/// Has `self` pass each message that it has no handler for on, as from its
/// sender, to what `find` answers; while that is null, a request is answered
/// with the error that `absent` makes.
template <class Find, class Absent>
void pass_on(caf::event_based_actor* self, Find find, Absent absent) {
  self->set_default_handler(
    [find, absent](caf::scheduled_actor* me,
                   caf::message_view& what) -> caf::result<caf::message> {
      auto to = find();
      if (!to)
        return absent();
      auto* element = me->current_mailbox_element();
      put(to, std::move(element->sender), element->mid,
          what.move_content_to_message(), me->context());
      return caf::delegated<caf::message>{};
    });
}

} // namespace hololoom
