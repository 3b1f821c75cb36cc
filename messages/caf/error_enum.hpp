#pragma once

#include <caf/error.hpp>

#include <string>

/// Makes errors out of the enum `type`. `name`, of at most 10 characters, is
/// their category; `number` is the enum's type id in CAF 1.x.
#define HOLOLOOM_ERROR_ENUM(number, type, name) CAF_ERROR_CODE_ENUM(type, name)

namespace hololoom {

/// The name of an error's category.
inline std::string category_name(const caf::error& err) {
  return to_string(err.category());
}

} // namespace hololoom
