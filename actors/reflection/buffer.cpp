#include <hololoom/actors/reflection/buffer.hpp>
#include <hololoom/actors/reflection/buffer_state.hpp>

#include <caf/actor_system.hpp>

#include <utility>

namespace hololoom {

reflection_actor spawn_reflection_buffer(caf::actor_system& system,
                                         reflection_options options,
                                         reflection_surroundings around,
                                         bool own_thread) {
  return caf::actor_cast<reflection_actor>(
    spawn_state_on<buffer_state, buffer_actor>(
      own_thread, system, std::move(options), std::move(around)));
}

} // namespace hololoom
