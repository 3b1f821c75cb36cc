#pragma once

#include <hololoom/actors/supervision/protocol.hpp>
#include <hololoom/messages/lifecycle.hpp>

#include <caf/expected.hpp>
#include <caf/timespan.hpp>

namespace hololoom {

/// Ends a whole tree, and returns when it has ended, after `limit` at the
/// latest. It asks the children to end, the last started first; those that are
/// left after the greater part of the limit it kills, or abandons. The report
/// tells how each child ended. Not from an actor.
/// @returns `errc::invalid_spec` unless `root` is a supervisor of this process
///          and `limit` more than zero.
[[nodiscard]] caf::expected<shutdown_report>
end_within(const supervisor_actor& root, caf::timespan limit);

} // namespace hololoom
