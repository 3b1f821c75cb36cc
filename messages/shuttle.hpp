#pragma once

#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/query.hpp>
#include <hololoom/messages/spacetime.hpp>

#include <cstdint>
#include <map>
#include <string>

/// The messages of the shuttle.

namespace hololoom {

/// Answer a query.
struct weave_request {
  query asked = {};
  /// bare, fast, fused or auto; without one, the config's.
  maybe<std::string> card = {};
  /// For the whole weave; without one, the card's.
  maybe<millis> deadline = {};

  static constexpr auto fields() {
    using t = weave_request;
    return members(member("query", &t::asked), member("card", &t::card),
                   member("deadline_ms", &t::deadline));
  }
  bool operator==(const weave_request&) const = default;
};

struct shuttle_status_query {
  static constexpr auto fields() { return members(); }
  bool operator==(const shuttle_status_query&) const = default;
};

struct shuttle_status {
  std::int64_t weavers = 0;
  std::int64_t under_way = 0;
  std::int64_t waiting = 0;
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t refused = 0;
  /// Since the drain began.
  std::int64_t drained = 0;
  std::int64_t cut = 0;
  /// Weavers that did not come back from a step in time.
  std::int64_t lost_weavers = 0;
  /// Weaves that could not be recorded for a later reflection.
  std::int64_t unrecorded = 0;
  /// The cause of the last such failure; empty without one.
  std::string problem = {};
  /// How often each card was taken in the last thousand weaves.
  std::map<std::string, std::int64_t> cards = {};

  static constexpr auto fields() {
    using t = shuttle_status;
    return members(
      member("weavers", &t::weavers), member("under_way", &t::under_way),
      member("waiting", &t::waiting), member("completed", &t::completed),
      member("failed", &t::failed), member("refused", &t::refused),
      member("drained", &t::drained), member("cut", &t::cut),
      member("lost_weavers", &t::lost_weavers),
      member("unrecorded", &t::unrecorded), member("problem", &t::problem),
      member("cards", &t::cards));
  }
  bool operator==(const shuttle_status&) const = default;
};

/// The shuttle. A weave answers `errc::invalid_query`, `errc::overloaded`,
/// `errc::shutting_down`, `errc::cancelled` or `errc::crashed`; errors within
/// the nine steps are in the spacetime's `trace.errors`.
using shuttle_actor =
  caf::typed_actor<answers<spacetime, weave_request>,
                   answers<shuttle_status, shuttle_status_query>>;

} // namespace hololoom
