#include <hololoom/actors/supervision/core/board.hpp>
#include <hololoom/actors/supervision/records/living_walk.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace hololoom {

namespace {

/// Children that are copied while a board's lock is held once.
constexpr std::size_t most_at_once = 512;

} // namespace

std::vector<living_child> living_walk::next(std::size_t most) {
  auto result = std::exchange(first_, {});
  while (at_ < parents_.size() && result.size() < most) {
    auto& [children, except] = parents_[at_];
    auto some = children->claim_after(order_, most_at_once, except);
    if (some.empty()) {
      ++at_;
      order_ = 0;
    }
    result.insert(result.end(), std::make_move_iterator(some.begin()),
                  std::make_move_iterator(some.end()));
  }
  return result;
}

std::map<std::pair<std::string, ended>, std::size_t> living_walk::rest() {
  std::map<std::pair<std::string, ended>, std::size_t> result;
  for (; at_ < parents_.size(); ++at_, order_ = 0)
    for (auto& [key, count] :
         parents_[at_].children->claim_rest(order_, parents_[at_].except))
      result[key] += count;
  return result;
}

std::vector<std::string> living_walk::parents() const {
  std::vector<std::string> result;
  for (const auto& x : parents_)
    result.push_back(x.children->path());
  return result;
}

} // namespace hololoom
