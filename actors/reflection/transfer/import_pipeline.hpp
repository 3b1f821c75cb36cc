#pragma once

#include <hololoom/messages/reflection.hpp>

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <variant>

namespace hololoom {

/// Finds the buffer as it is now; null while it is being restarted. Called on
/// any thread.
using buffer_lookup = std::function<reflection_actor()>;

/// Stores episodes with a buffer, many under way at once, for a plain thread.
///
/// A buffer that is restarted is followed: what it had not answered goes to its
/// successor, whom the episode's id tells what is stored already. Without a
/// buffer for as long as `patience`, everything fails until there is one again;
/// what is lost with one buffer after the other fails at last, too. With no
/// patience at all nothing is asked twice.
class import_pipeline {
public:
  using request = std::variant<reflect_request, import_request>;
  using callback = std::function<void(const caf::expected<reflect_ack>&)>;

  import_pipeline(caf::actor_system& system, buffer_lookup find,
                  std::size_t under_way,
                  std::chrono::milliseconds patience = std::chrono::seconds{
                    10});
  import_pipeline(const import_pipeline&) = delete;
  import_pipeline& operator=(const import_pipeline&) = delete;

  /// Waits for what is under way.
  ~import_pipeline();

  /// Asks for `x` to be stored, first waiting for a place if as many as may be
  /// are under way. `then` gets the answer, one at a time, on another thread.
  /// @param bytes what it was read from: of that, too, only so much is under
  ///              way, or a few hundred long ones would be all of the memory.
  /// @pre `x` has an episode id, or it may be stored twice.
  void store(request x, callback then, std::size_t bytes = 0);

  /// Waits until everything is answered.
  void drain();

private:
  struct gate;
  std::shared_ptr<gate> gate_;
  caf::actor asker_;
};

} // namespace hololoom
