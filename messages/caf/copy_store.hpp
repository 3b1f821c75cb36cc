#pragma once

#include <hololoom/messages/caf/local_message.hpp>

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

namespace hololoom {

/// Asks the actor of a store, within the process, to copy its file while it
/// goes on to serve. Errors: a storage error; `already_started` while another
/// copy is made; `cancelled`; `not_supported` if the store has no file.
struct copy_store {
  /// A new file, on the store's own disk: the store waits for its writes.
  std::string to = {};
  /// Called on the store's thread with the pages copied and their number, which
  /// may grow; may be null, must be short.
  std::function<void(std::int64_t copied, std::int64_t total)> on_progress = {};
  std::stop_token stop = {};
};

/// The answer: the copy is the store as it was when this was sent.
struct store_copied {
  /// The number of the last episode, or how many shards there are.
  std::int64_t count = 0;
};

/// So many pages are copied before the store looks at its other requests.
inline constexpr int pages_at_once = 256;

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1950, hololoom::copy_store)
HOLOLOOM_LOCAL_MESSAGE(1951, hololoom::store_copied)
