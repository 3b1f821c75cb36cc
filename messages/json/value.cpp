#include <hololoom/messages/json/value.hpp>

namespace hololoom {

std::string to_text(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string to_pretty_text(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace);
}

} // namespace hololoom
