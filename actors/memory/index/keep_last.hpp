#pragma once

#include <hololoom/messages/shard.hpp>

#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hololoom::detail {

/// Removes every shard that a later one with the same id replaces.
inline void keep_last(std::vector<shard>& shards) {
  std::unordered_map<std::string_view, std::size_t> last;
  for (std::size_t i = 0; i < shards.size(); ++i)
    last[shards[i].id] = i;
  if (last.size() == shards.size())
    return;
  std::vector<shard> kept;
  for (std::size_t i = 0; i < shards.size(); ++i)
    if (last[shards[i].id] == i)
      kept.push_back(shards[i]);
  shards = std::move(kept);
}

} // namespace hololoom::detail
