#pragma once

#include <hololoom/messages/reflection.hpp>

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <variant>

namespace hololoom {

/// Stores episodes with a buffer, many under way at once, for a plain thread.
class import_pipeline {
public:
  using request = std::variant<reflect_request, import_request>;
  using callback = std::function<void(const caf::expected<reflect_ack>&)>;

  import_pipeline(caf::actor_system& system, reflection_actor buffer,
                  std::size_t under_way);
  import_pipeline(const import_pipeline&) = delete;
  import_pipeline& operator=(const import_pipeline&) = delete;

  /// Waits for what is under way.
  ~import_pipeline();

  /// Asks for `x` to be stored, first waiting for a place if as many as may be
  /// are under way. `then` gets the answer, one at a time, on another thread.
  void store(request x, callback then);

  /// Waits until everything is answered.
  void drain();

private:
  struct gate;
  std::shared_ptr<gate> gate_;
  caf::actor asker_;
};

} // namespace hololoom
