#include <hololoom/messages/caf/lifecycle_ids.hpp>
#include <hololoom/messages/caf/memory_ids.hpp>
#include <hololoom/messages/caf/reflection_ids.hpp>
#include <hololoom/messages/caf/shuttle_ids.hpp>
#include <hololoom/messages/caf/type_ids.hpp>

#include <caf/actor_system_config.hpp>

#include <string>

namespace hololoom {

void register_types(caf::actor_system_config& config) {
  config.add_message_types<caf::id_block::hololoom_shuttle>();
  config.add_message_types<caf::id_block::hololoom_reflection>();
  config.add_message_types<caf::id_block::hololoom_memory>();
  config.add_message_types<caf::id_block::hololoom_lifecycle>();
  config.add_error_category(
    caf::make_error(errc::internal).category(),
    [](std::uint8_t code, caf::atom_value, const caf::message& context) {
      auto text = "hololoom: " + to_string(static_cast<errc>(code));
      if (context.match_elements<std::string>())
        text += ": " + context.get_as<std::string>(0);
      return text;
    });
}

} // namespace hololoom
