#pragma once

#include <hololoom/actors/shuttle/options.hpp>
#include <hololoom/messages/shuttle.hpp>

namespace hololoom {

/// Whether `request` can be woven at all.
/// @returns `errc::invalid_query` naming the place that is wrong: text that is
///          empty, too long or not UTF-8 (with the byte), or a deadline that is
///          not positive.
caf::error check_query(const weave_request& request,
                       const shuttle_options& options);

} // namespace hololoom
