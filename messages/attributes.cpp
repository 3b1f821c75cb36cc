#include <hololoom/messages/attributes.hpp>

#include <utility>

namespace hololoom {

bool attributes::has(std::string_view key) const {
  return values.contains(std::string{key});
}

std::string attributes::text(std::string_view key,
                             std::string_view fallback) const {
  auto i = values.find(std::string{key});
  if (i == values.end() || !i->is_string())
    return std::string{fallback};
  return i->get<std::string>();
}

void attributes::set(std::string_view key, json value) {
  values[std::string{key}] = std::move(value);
}

std::string to_text(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
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

caf::error detail::parse_attributes(const std::string& text, attributes& x) {
  auto value = parse_json(text);
  if (!value)
    return std::move(value.error());
  if (!value->is_object())
    return failure(errc::invalid_json, "attributes must be a JSON object");
  x.values = std::move(*value);
  return {};
}

} // namespace hololoom
