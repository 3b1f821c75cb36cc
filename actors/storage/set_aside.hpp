#pragma once

#include <caf/expected.hpp>

#include <filesystem>

namespace hololoom {

/// Moves `file` to `wanted`, or to `wanted` with a number behind its stem when
/// that name is taken: nothing that is there is ever overwritten.
/// @returns its new name, or a storage error; then nothing was moved.
caf::expected<std::filesystem::path>
move_to_fresh_name(const std::filesystem::path& file,
                   const std::filesystem::path& wanted);

} // namespace hololoom
