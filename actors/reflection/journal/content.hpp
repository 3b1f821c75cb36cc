#pragma once

#include <hololoom/actors/reflection/journal/rows.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What "the same content" means, for an id that the journal knows.

namespace hololoom {

/// What an episode says, as text: its spacetime and its feedback, with the keys
/// of free-form details in one order. Left out is what the reader of a request
/// may fill in from its clock, and what a consolidation adds: `created_at`, the
/// trace's `start_time` and `end_time`, the metadata's `merged`, and the
/// episode's own time.
std::string content_of(const episode& x);
std::string content_of(spacetime x);

/// The digest that a row keeps of its content once its body is removed.
std::int64_t digest_of_content(std::string_view content);

/// The digest of the episode that `body` is; none if it is no episode.
std::optional<std::int64_t> digest_of_body(std::string_view body);

/// Whether `x`, which has the id of `stored`, says the same, so that it is a
/// retry. The rewards must be equal, too, except that of a request without one:
/// the config that it is derived by may have changed, so it suffices that the
/// stored reward was derived as well.
///
/// A body that was removed is compared by its digest. Without one (damage, or a
/// removal by an older version), the columns that learning needs are compared.
/// Retention removes whole rows: their ids are new again.
bool same_content(const episode_row& stored, const episode_row& x);

/// The same for recorded spacetimes, as JSON.
bool same_spacetime(std::string_view stored, std::string_view x);

} // namespace hololoom
