#include <hololoom/actors/supervision/records/failure_record.hpp>

#include <iterator>

namespace hololoom {

bool failure_record::wants(transition what, std::string_view reason) noexcept {
  switch (what) {
    case transition::exited: return !is_orderly(reason);
    case transition::restarting:
    case transition::escalated:
    case transition::gave_up: return true;
    default: return false;
  }
}

void failure_record::enter(const lifecycle_event& e) {
  if (!wants(e.what, e.reason))
    return;
  lock_guard guard{mutex_};
  if (e.what == transition::exited) {
    auto& x = touch(e.path);
    if (++x.times == 1)
      x.first = e.at;
    x.last = e.at;
    x.reason = e.reason;
    x.gave_up = false;
    return;
  }
  // A child that is started again after an end in order has no line.
  auto i = by_path_.find(e.path);
  if (i == by_path_.end())
    return;
  auto& x = i->second->child;
  if (e.what == transition::restarting)
    ++x.restarts;
  else
    x.gave_up = true;
}

child_failures& failure_record::touch(const std::string& path) {
  if (auto i = by_path_.find(path); i != by_path_.end()) {
    auto known = i->second;
    if (!known->stays)
      last_.splice(last_.end(), last_, known);
    return known->child;
  }
  auto stays = first_.size() < most_first;
  auto& where = stays ? first_ : last_;
  where.push_back({child_failures{}, stays});
  auto& added = where.back().child;
  added.path = path;
  by_path_.emplace(added.path, std::prev(where.end()));
  if (last_.size() > most_last) {
    const auto& oldest = last_.front().child;
    left_out_ += oldest.times;
    by_path_.erase(oldest.path);
    last_.pop_front();
  }
  return added;
}

std::vector<child_failures> failure_record::lines() const {
  std::vector<child_failures> result;
  lock_guard guard{mutex_};
  result.reserve(first_.size() + last_.size());
  for (const auto& x : first_)
    result.push_back(x.child);
  for (const auto& x : last_)
    result.push_back(x.child);
  return result;
}

std::int64_t failure_record::left_out() const {
  lock_guard guard{mutex_};
  return left_out_;
}

} // namespace hololoom
