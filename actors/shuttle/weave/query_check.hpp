#pragma once

#include <hololoom/actors/shuttle/options.hpp>
#include <hololoom/messages/shuttle.hpp>

namespace hololoom {

/// Validates a request.
/// @returns `errc::invalid_query` for a text that is empty, too long or not
/// UTF-8
///          (naming the byte), and for a deadline that is not positive.
caf::error check_query(const weave_request& request,
                       const shuttle_options& options);

} // namespace hololoom
