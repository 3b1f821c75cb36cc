#pragma once

#include <hololoom/messages/describe.hpp>
#include <hololoom/messages/time.hpp>

#include <cstdint>
#include <string>

/// The messages between a cascade and the buffer that it flushes.

namespace hololoom {

/// Commit the queued writes and write `metrics_summary.json`. With `seal`,
/// later writes are refused.
struct flush_request {
  bool seal = false;

  static constexpr auto fields() {
    return members(member("seal", &flush_request::seal));
  }
  bool operator==(const flush_request&) const = default;
};

/// Sent to the sender of a flush request while the flush makes progress.
struct flush_progress {
  std::int64_t written = 0;
  std::int64_t queued = 0;

  static constexpr auto fields() {
    using t = flush_progress;
    return members(member("written", &t::written),
                   member("queued", &t::queued));
  }
  bool operator==(const flush_progress&) const = default;
};

struct flush_ack {
  /// Episodes that this flush committed.
  std::int64_t episodes = 0;
  /// The journal's last sequence number.
  std::int64_t sequence = 0;

  static constexpr auto fields() {
    using t = flush_ack;
    return members(member("episodes", &t::episodes),
                   member("sequence", &t::sequence));
  }
  bool operator==(const flush_ack&) const = default;
};

/// The buffer's health and load.
struct reflection_status {
  bool degraded = false;
  /// Why it is degraded, and what to do; empty when it is not.
  std::string problem = {};
  std::int64_t queued = 0;
  std::int64_t stored = 0;
  std::int64_t late_stores = 0;
  bool durable = true;
  /// Time spent so far on opening the journal; null once it is open.
  maybe<millis> opening = {};

  static constexpr auto fields() {
    using t = reflection_status;
    return members(
      member("degraded", &t::degraded), member("problem", &t::problem),
      member("queued", &t::queued), member("stored", &t::stored),
      member("late_stores", &t::late_stores), member("durable", &t::durable),
      member("opening_ms", &t::opening));
  }
  bool operator==(const reflection_status&) const = default;
};

struct reflection_status_query {
  static constexpr auto fields() { return members(); }
  bool operator==(const reflection_status_query&) const = default;
};

/// What a cascade needs of the buffer.
using flushing_actor =
  caf::typed_actor<answers<flush_ack, flush_request>,
                   answers<reflection_status, reflection_status_query>>;

} // namespace hololoom
