#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hololoom {

/// The candidate that is spelt most like `word`, or an empty text if none is
/// near: more than a third of its letters would have to change.
std::string nearest(std::string_view word,
                    const std::vector<std::string>& candidates);

} // namespace hololoom
