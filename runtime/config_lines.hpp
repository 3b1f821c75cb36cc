#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace hololoom {

/// Where each key of a config stands: "weave.epsilon" and its line, from 1. The
/// text is JSON that may have comments; what follows a mistake is left out.
std::map<std::string, std::size_t> lines_of_keys(std::string_view text);

/// "line 3, column 7", both from 1, of a byte, counted from 1 as well.
std::string line_and_column(std::string_view text, std::size_t byte);

} // namespace hololoom
