#include <hololoom/actors/shuttle/weave/steps/steps.hpp>

#include <algorithm>
#include <utility>

namespace hololoom {

warp_space tension_warp(const shard_index& memory,
                        const std::vector<scored>& threads,
                        const extracted_features& extracted) {
  std::vector<warp_thread> tensioned;
  auto count = std::min(threads.size(), extracted.candidates.size());
  tensioned.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    tensioned.push_back({std::string{memory.id(threads[i].which)},
                         std::clamp(threads[i].score, 0.0, 1.0),
                         extracted.candidates[i]});
  warp_space result;
  result.tension(std::move(tensioned));
  return result;
}

} // namespace hololoom
