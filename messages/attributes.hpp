#pragma once

#include <hololoom/messages/errc.hpp>

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace hololoom {

/// JSON that keeps its keys in the order of insertion. Complete only where
/// `messages/json/value.hpp` is included, so that a message does not cost its
/// readers a JSON library.
using json = nlohmann::ordered_json;

/// Free-form details of a message: a JSON object that travels as text.
class attributes {
public:
  attributes();
  /// @pre `object` is a JSON object.
  explicit attributes(json object);
  attributes(const attributes& other);
  attributes(attributes&& other) noexcept;
  attributes& operator=(const attributes& other);
  attributes& operator=(attributes&& other) noexcept;
  ~attributes();

  bool operator==(const attributes& other) const;

  bool empty() const;

  /// Whether `key` is there.
  bool has(std::string_view key) const;

  /// The text at `key`, or `fallback` if it is missing or no text.
  std::string text(std::string_view key, std::string_view fallback = {}) const;

  /// Sets `key`.
  void set(std::string_view key, json value);

  /// The object itself.
  const json& values() const;
  json& values();

private:
  /// Null while there are none: most messages have no attributes.
  std::unique_ptr<json> values_;
};

namespace detail {

std::string attributes_text(const attributes& x);
caf::error parse_attributes(const std::string& text, attributes& x);

} // namespace detail

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, attributes& x) {
  return inspect_as_text(f, x, detail::attributes_text,
                         detail::parse_attributes);
}

} // namespace hololoom
