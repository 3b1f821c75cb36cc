#pragma once

#include <chrono>
#include <functional>
#include <string_view>

namespace hololoom {

/// Asked whether to wait up to 50 ms for a descriptor that has taken nothing
/// for `idle`.
using write_patience = std::function<bool(std::chrono::milliseconds idle)>;

/// Writes `text` to a descriptor that may take nothing for now: a pipe or a
/// terminal whose reader pauses, in blocking mode or not. Takes from `text`
/// what was written.
/// @returns 0, the `errno` of the write that failed, or `ETIMEDOUT` if
///          `patience` ended.
int write_all(int fd, std::string_view& text, const write_patience& patience);

} // namespace hololoom
