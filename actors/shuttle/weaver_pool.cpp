#include <hololoom/actors/shuttle/weaver_pool.hpp>

#include <algorithm>
#include <cassert>

namespace hololoom {

bool weaver_pool::add(const weaver_actor& weaver) {
  return workers_.emplace(weaver.address(), worker{weaver}).second;
}

std::optional<std::uint64_t>
weaver_pool::remove(const caf::actor_addr& weaver) {
  auto i = workers_.find(weaver);
  if (i == workers_.end())
    return std::nullopt;
  auto job = i->second.job;
  workers_.erase(i);
  return job == 0 ? std::nullopt : std::optional{job};
}

weaver_actor weaver_pool::find_idle() const {
  for (const auto& [address, x] : workers_)
    if (x.is_idle())
      return x.handle;
  return {};
}

void weaver_pool::assign(const weaver_actor& weaver, std::uint64_t job) {
  if (auto i = workers_.find(weaver.address()); i != workers_.end()) {
    assert(i->second.is_idle());
    i->second.job = job;
  }
}

void weaver_pool::release(const caf::actor_addr& weaver, std::uint64_t job,
                          bool reuse) {
  auto i = workers_.find(weaver);
  if (i == workers_.end() || i->second.job != job)
    return;
  i->second.job = 0;
  if (reuse)
    i->second.lost = false;
}

weaver_actor weaver_pool::lose(std::uint64_t job) {
  for (auto& [address, x] : workers_) {
    if (x.job != job || x.lost)
      continue;
    x.lost = true;
    return x.handle;
  }
  return {};
}

bool weaver_pool::note_leaving(const caf::actor_addr& weaver) {
  auto i = workers_.find(weaver);
  if (i == workers_.end())
    return false;
  i->second.leaving = true;
  return true;
}

std::vector<weaver_actor> weaver_pool::take_leaving() {
  std::vector<weaver_actor> result;
  for (auto i = workers_.begin(); i != workers_.end();) {
    if (i->second.leaving && i->second.job == 0) {
      result.push_back(i->second.handle);
      i = workers_.erase(i);
    } else {
      ++i;
    }
  }
  return result;
}

std::size_t weaver_pool::size() const {
  return static_cast<std::size_t>(
    std::count_if(workers_.begin(), workers_.end(),
                  [](const auto& entry) { return !entry.second.lost; }));
}

std::size_t weaver_pool::idle() const {
  return static_cast<std::size_t>(
    std::count_if(workers_.begin(), workers_.end(),
                  [](const auto& entry) { return entry.second.is_idle(); }));
}

} // namespace hololoom
