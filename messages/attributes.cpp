#include <hololoom/messages/attributes.hpp>
#include <hololoom/messages/json/value.hpp>

#include <utility>

namespace hololoom {

attributes::attributes() = default;

attributes::attributes(json object)
  : values_(std::make_unique<json>(std::move(object))) {}

attributes::attributes(const attributes& other)
  : values_(other.empty() ? nullptr : std::make_unique<json>(*other.values_)) {}

attributes::attributes(attributes&& other) noexcept = default;

attributes& attributes::operator=(const attributes& other) {
  return *this = attributes{other};
}

attributes& attributes::operator=(attributes&& other) noexcept = default;

attributes::~attributes() = default;

bool attributes::operator==(const attributes& other) const {
  return values() == other.values();
}

bool attributes::empty() const {
  return !values_ || values_->empty();
}

bool attributes::has(std::string_view key) const {
  return values().contains(std::string{key});
}

std::string attributes::text(std::string_view key,
                             std::string_view fallback) const {
  auto i = values().find(std::string{key});
  if (i == values().end() || !i->is_string())
    return std::string{fallback};
  return i->get<std::string>();
}

void attributes::set(std::string_view key, json value) {
  values()[std::string{key}] = std::move(value);
}

const json& attributes::values() const {
  static const json none = json::object();
  return values_ ? *values_ : none;
}

json& attributes::values() {
  if (!values_)
    values_ = std::make_unique<json>(json::object());
  return *values_;
}

std::string detail::attributes_text(const attributes& x) {
  return to_text(x.values());
}

caf::error detail::parse_attributes(const std::string& text, attributes& x) {
  auto value = parse_json(text);
  if (!value)
    return std::move(value.error());
  if (!value->is_object())
    return failure(errc::invalid_json, "attributes must be a JSON object");
  x = attributes{std::move(*value)};
  return {};
}

} // namespace hololoom
