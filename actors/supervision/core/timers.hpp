#pragma once

#include <hololoom/actors/supervision/core/board.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <tuple>
#include <vector>

namespace hololoom::supervision {

/// The end of a limit that begins at `t`. One too long for the clock has none.
inline time_point after(time_point t, time_point::duration limit) {
  return limit < no_time - t ? t + limit : no_time;
}

/// The limits of many children in one heap. An entry counts only while its
/// child still has that very limit; those that no longer do are dropped when
/// they come up, or when they are the most.
class timers {
public:
  void add(time_point due, std::uint64_t order) {
    heap_.push_back({due, order});
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
  }

  /// The first limit that still counts by `valid(order, due)`.
  template <class Valid>
  time_point next(Valid valid) {
    while (!heap_.empty() && !valid(heap_.front().order, heap_.front().due))
      pop();
    return heap_.empty() ? no_time : heap_.front().due;
  }

  /// Takes out a limit that is over by `now`; 0 when there is none.
  template <class Valid>
  std::uint64_t take(time_point now, Valid valid) {
    if (next(valid) > now)
      return 0;
    auto order = heap_.front().order;
    pop();
    return order;
  }

  /// Drops entries that do not count, when there are far more than `wanted`.
  template <class Valid>
  void tidy(std::size_t wanted, Valid valid) {
    if (heap_.size() < 4096 || heap_.size() < 4 * wanted)
      return;
    std::erase_if(heap_,
                  [&](const entry& e) { return !valid(e.order, e.due); });
    std::make_heap(heap_.begin(), heap_.end(), std::greater<>{});
  }

  std::size_t size() const { return heap_.size(); }

private:
  struct entry {
    time_point due;
    std::uint64_t order;
    bool operator>(const entry& other) const {
      return std::tie(due, order) > std::tie(other.due, other.order);
    }
  };

  void pop() {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
    heap_.pop_back();
  }

  std::vector<entry> heap_;
};

} // namespace hololoom::supervision
