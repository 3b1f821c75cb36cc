#include <hololoom/actors/memory/index/temporal_window.hpp>

#include <algorithm>

namespace hololoom {

bool temporal_window::contains(timestamp t) const {
  return start <= t && t <= end;
}

bool temporal_window::young_enough(timestamp t) const {
  return end - t <= max_age;
}

double temporal_window::recency_weight(timestamp t) const {
  if (!contains(t))
    return 0;
  using seconds = std::chrono::duration<double>;
  auto length = seconds{end - start}.count();
  if (length <= 0)
    return 1;
  auto age = seconds{end - t}.count();
  return std::clamp(1 - age / length * recency_bias, 0.0, 1.0);
}

} // namespace hololoom
