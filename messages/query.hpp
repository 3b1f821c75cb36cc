#pragma once

#include <hololoom/messages/attributes.hpp>
#include <hololoom/messages/describe.hpp>
#include <hololoom/messages/time.hpp>

#include <array>
#include <string>

namespace hololoom {

/// A user's question.
struct query {
  /// UTF-8. Its length is counted in code points, never bytes.
  std::string text = {};
  attributes metadata = {};

  static constexpr auto fields() {
    return members(member("text", &query::text),
                   member("metadata", &query::metadata));
  }
  static constexpr std::array required{"text"};
  bool operator==(const query&) const = default;
};

} // namespace hololoom

HOLOLOOM_INSPECTED_ONCE(hololoom::query)
