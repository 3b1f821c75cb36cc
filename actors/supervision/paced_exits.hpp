#pragma once

#include <hololoom/actors/supervision/child_spec.hpp>
#include <hololoom/actors/supervision/exit.hpp>

#include <caf/actor_addr.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <utility>

namespace hololoom::supervision {

/// The exits by which a supervisor asks its children to end, let out as fast as
/// they are obeyed. Its kills are none of these: they wait for nobody.
///
/// A worker of CAF's scheduler that has nothing to do steals the last job of
/// another one, and walks that one's whole queue to find it, under its lock
/// (`double_ended_queue::take_tail`). Very many exits sent at once make such
/// queues, and the stop of n actors costs n * n. So no more than a window of
/// them is out; each end that comes back lets out another. Whoever is slow to
/// end holds nobody up: when nothing came back for `patience`, the window
/// doubles.
///
/// Not thread-safe.
class paced_exits {
public:
  /// Enough to keep the workers of a scheduler busy.
  static constexpr std::size_t on_a_worker = 16;
  /// A detached supervisor is woken up for what comes back; the more at once,
  /// the less often.
  static constexpr std::size_t on_its_own_thread = 1024;
  static constexpr auto patience = std::chrono::milliseconds{1};

  paced_exits(caf::actor_addr source, std::size_t window)
    : source_(std::move(source)), first_window_(window) {}

  /// Asks `target` to end, in its turn.
  void push(caf::strong_actor_ptr target) {
    waiting_.push_back(std::move(target));
  }

  /// One of those who were told to end has ended.
  void ended() {
    came_back_ = true;
    out_ -= out_ > 0 ? 1 : 0;
  }

  /// Sends what the window lets out.
  void release(caf::execution_unit* host) {
    for (; !waiting_.empty() && out_ < window_; ++out_, waiting_.pop_front()) {
      exit_high(waiting_.front(),
                caf::make_error(caf::exit_reason::user_shutdown), source_,
                host);
    }
    if (waiting_.empty()) {
      out_ = 0;
      window_ = first_window_;
    }
  }

  /// `patience` is over. The window opens if nobody has ended since the last
  /// time.
  void tick() {
    if (!std::exchange(came_back_, false))
      window_ *= 2;
  }

  /// Whether `tick` is to be called.
  bool waiting() const noexcept { return !waiting_.empty(); }

  /// Sends all that is left.
  void release_all() {
    window_ = waiting_.size() + out_;
    release(nullptr);
  }

private:
  caf::actor_addr source_;
  std::size_t first_window_;
  std::deque<caf::strong_actor_ptr> waiting_;
  std::size_t out_ = 0; ///< Sent, and not known to have ended.
  std::size_t window_ = first_window_;
  bool came_back_ = false;
};

} // namespace hololoom::supervision
