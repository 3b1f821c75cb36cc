#pragma once

#include <hololoom/actors/reflection/options.hpp>
#include <hololoom/messages/reflection.hpp>

namespace hololoom {

/// The episode that `x` asks to store: with an id, the time now, and a reward
/// given or derived by the formula of the options.
/// @returns `errc::invalid_feedback` for a rating or reward out of range, or an
///          id of more than 256 bytes.
caf::expected<episode> appraise(const reflection_options& options,
                                reflect_request x);

/// An episode made elsewhere, checked, with an id.
caf::expected<episode> appraise(import_request x);

} // namespace hololoom
