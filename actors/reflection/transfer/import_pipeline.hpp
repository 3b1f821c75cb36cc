#pragma once

#include <hololoom/messages/reflection.hpp>

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <variant>

namespace hololoom {

/// Returns the current buffer; null while it is being restarted. Called on any
/// thread.
using buffer_lookup = std::function<reflection_actor()>;

/// Stores episodes through a buffer, many at once, on behalf of a plain thread.
///
/// When the buffer is restarted, unanswered requests go to its successor, which
/// recognises by the episode's id those that are already stored. After
/// `patience` without a buffer, requests fail until there is one again; a
/// request that is lost with one buffer after the other fails eventually, too.
/// Without patience no request is sent twice.
///
/// Once a stop is requested, the requests in flight have two more seconds; then
/// they fail, be the buffer's disk as slow as it may.
class import_pipeline {
public:
  using request = std::variant<reflect_request, import_request>;
  using callback = std::function<void(const caf::expected<reflect_ack>&)>;
  static constexpr auto usual_patience = std::chrono::seconds{10};

  import_pipeline(caf::actor_system& system, buffer_lookup find,
                  std::size_t most_in_flight,
                  std::chrono::milliseconds patience = usual_patience,
                  const std::stop_token& stop = {});
  import_pipeline(const import_pipeline&) = delete;
  import_pipeline& operator=(const import_pipeline&) = delete;

  /// Waits for the requests in flight.
  ~import_pipeline();

  /// Sends `x` to the buffer, once fewer requests than the limit are in flight.
  /// `then` gets the answer, one at a time, on another thread.
  /// @param bytes the length of the text of `x`. The total in flight is
  /// limited:
  ///              a few hundred long episodes would fill the memory.
  /// @pre `x` has an episode id; otherwise it may be stored twice.
  void store(request x, callback then, std::size_t bytes = 0);

  /// Waits until all requests are answered.
  void drain();

private:
  struct limiter;
  std::shared_ptr<limiter> limiter_;
  caf::actor asker_;
  std::stop_callback<std::function<void()>> on_stop_;
};

} // namespace hololoom
