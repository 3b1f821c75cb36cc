#pragma once

#include <hololoom/messages/shard.hpp>

#include <cstdint>
#include <string>
#include <string_view>

/// The encoding of a row of the shards table; `stored_rows::decode` reads it.

namespace hololoom::detail {

/// Everything in a shard but its id and text, as JSON.
std::string encode_rest(const shard& x);

/// The CRC-32 of a row.
std::int64_t checksum_of(std::string_view id, std::string_view text,
                         std::string_view rest);

} // namespace hololoom::detail
