#pragma once

#include <hololoom/actors/supervision/cascade/forced_end.hpp>
#include <hololoom/messages/lifecycle.hpp>

namespace hololoom {

/// Fills in `children` and `abandoned` of a cascade's report: what was seen of
/// each child, and every child that was ever abandoned and still is there.
///
/// @param seen    ends that the cascade saw itself
/// @param entered what supervisors saw, and who was abandoned
/// @param waited  how long those have waited that wait for the report
void account_for_children(shutdown_report& report, const forced_end& forced,
                          const end_list& seen, const ledger& entered,
                          millis waited);

} // namespace hololoom
