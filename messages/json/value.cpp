#include <hololoom/messages/json/value.hpp>

namespace hololoom {

std::string to_text(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string to_pretty_text(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace);
}

caf::expected<json> parse_json(std::string_view text) {
  try {
    return json::parse(text);
  } catch (const json::parse_error& e) {
    return failure(errc::invalid_json,
                   detail::place_in_json(e.byte, text.size()));
  } catch (const json::exception&) {
    return failure(errc::invalid_json,
                   "JSON with a number that no floating point number can hold");
  }
}

std::string detail::place_in_json(std::size_t byte, std::size_t size) {
  if (byte > size)
    return "JSON that ends too early, after " + std::to_string(size) + " bytes";
  return "not JSON at byte " + std::to_string(byte) + " of "
       + std::to_string(size);
}

} // namespace hololoom
