#pragma once

#include <hololoom/actors/reflection/options.hpp>
#include <hololoom/messages/reflection.hpp>

namespace hololoom {

/// Makes the episode that `x` asks to store: with an id, the current time, and
/// a reward that is given or derived by the formula of the options.
/// @returns `errc::invalid_feedback` for a rating or reward out of range, or an
///          id of more than 256 bytes.
caf::expected<episode> make_episode(const reflection_options& options,
                                    reflect_request x);

/// Checks an episode that was made elsewhere, and gives it an id if it has
/// none.
caf::expected<episode> make_episode(import_request x);

} // namespace hololoom
