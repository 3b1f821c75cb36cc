#include <hololoom/actors/shuttle/job_board.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace hololoom {

job_board::job_board(std::size_t max_under_way, std::size_t max_waiting,
                     millis margin)
  : max_under_way_(max_under_way),
    max_waiting_(max_waiting),
    margin_(
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(margin)) {
}

bool job_board::has_room(std::size_t idle) const {
  auto free =
    std::min(idle, max_under_way_ - std::min(max_under_way_, under_way_));
  return waiting_.size() < max_waiting_ + free;
}

std::uint64_t job_board::add(weave_order order, time_point due) {
  order.number = ++last_number_;
  waiting_.push_back(last_number_);
  jobs_.emplace(last_number_, job{std::move(order), due, false, false});
  return last_number_;
}

job_board::job* job_board::start_next() {
  if (waiting_.empty() || under_way_ >= max_under_way_)
    return nullptr;
  auto& next = jobs_.at(waiting_.front());
  assert(!next.under_way);
  waiting_.pop_front();
  next.under_way = true;
  ++under_way_;
  return &next;
}

std::optional<job_board::job> job_board::remove(std::uint64_t number) {
  auto i = jobs_.find(number);
  if (i == jobs_.end())
    return std::nullopt;
  auto result = std::move(i->second);
  jobs_.erase(i);
  assert(!result.under_way || under_way_ > 0);
  if (result.under_way)
    --under_way_;
  else
    std::erase(waiting_, number);
  return result;
}

std::vector<std::uint64_t> job_board::all() const {
  std::vector<std::uint64_t> result;
  for (const auto& [number, x] : jobs_)
    result.push_back(number);
  return result;
}

job_board::late job_board::find_late(time_point now) {
  late result;
  for (auto& [number, x] : jobs_) {
    if (now < x.due)
      continue;
    if (!x.under_way) {
      result.unstarted.push_back(number);
      continue;
    }
    if (!std::exchange(x.stopping, true))
      result.to_stop.push_back(number);
    if (now >= x.due + margin_)
      result.stuck.push_back(number);
  }
  return result;
}

std::optional<job_board::time_point> job_board::next_check() const {
  std::optional<time_point> result;
  for (const auto& [number, x] : jobs_) {
    auto at = x.stopping ? x.due + margin_ : x.due;
    if (!result || at < *result)
      result = at;
  }
  return result;
}

job_board::job* job_board::find(std::uint64_t number) {
  auto i = jobs_.find(number);
  return i == jobs_.end() ? nullptr : &i->second;
}

} // namespace hololoom
