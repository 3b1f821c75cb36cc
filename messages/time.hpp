#pragma once

#include <hololoom/messages/caf/compat.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace hololoom {

/// A label of a moment: UTC, to the microsecond. Durations are never computed
/// from it; they are measured on the steady clock.
using timestamp =
  std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

/// Milliseconds with a fraction, as fields that end in `_ms` hold them.
using millis = std::chrono::duration<double, std::milli>;

/// The time now, UTC.
timestamp now();

/// ISO 8601 with `Z`: `2026-11-23T15:54:08.123456Z`, without the fraction when
/// that is zero.
std::string to_iso8601(timestamp t);

/// Appends `to_iso8601(t)`.
void append_iso8601(std::string& out, timestamp t);

/// Reads ISO 8601 with or without fraction and zone (`Z` or `+hh:mm`); without
/// one it is taken as UTC.
/// @returns `errc::invalid_json` for anything else, and for dates that do not
///          exist.
[[nodiscard]] caf::expected<timestamp> parse_iso8601(std::string_view text);

} // namespace hololoom
