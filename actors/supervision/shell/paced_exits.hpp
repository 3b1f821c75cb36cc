#pragma once

#include <hololoom/messages/caf/put.hpp>

#include <caf/actor_addr.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/fwd.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>

namespace hololoom::supervision {

/// The exits by which a supervisor asks its children to end, let out as fast as
/// they are obeyed. Kills are not among them: they are sent at once.
///
/// A worker of CAF's scheduler that has nothing to do steals the last job of
/// another one, and walks that one's whole queue to find it, under its lock
/// (`double_ended_queue::take_tail`). Very many exits sent at once make such
/// queues, and the stop of n actors costs n * n. So no more than a window of
/// them is out; each end that comes back lets out another.
///
/// Children that are slow to end do not hold up the others: the window doubles
/// with every `patience` in which no child ended, or in which most of those
/// told last are in no queue: they have seen their exit, and take their time.
///
/// Not thread-safe.
class paced_exits {
public:
  /// Enough to keep the workers of a scheduler busy.
  static constexpr std::size_t on_a_worker = 16;
  /// A detached supervisor is woken up for what comes back; the more at once,
  /// the less often. But who asks it something waits for all of that.
  static constexpr std::size_t on_its_own_thread = 256;
  static constexpr auto patience = std::chrono::milliseconds{1};

  /// Called with each actor when its exit is sent.
  using listener = std::function<void(const caf::strong_actor_ptr&)>;

  paced_exits(caf::actor_addr source, std::size_t window, listener on_told)
    : source_(std::move(source)),
      on_told_(std::move(on_told)),
      first_window_(window) {}

  /// Asks `target` to end, in its turn.
  void push(caf::strong_actor_ptr target) {
    waiting_.push_back(std::move(target));
  }

  /// An actor that was told to end has ended.
  void ended() {
    came_back_ = true;
    out_ -= out_ > 0 ? 1 : 0;
  }

  /// Sends what the window lets out, in one go a slice of it at most.
  void release(execution_unit* host);

  /// `patience` is over.
  void tick();

  /// Whether `tick` is to be called.
  bool crowded() const noexcept {
    return waiting() || 2 * out_ >= first_window_;
  }

  /// Whether `release` has more to send.
  bool unfinished() const noexcept { return waiting() && out_ < window_; }

  /// Sends all that is left.
  void release_all();

private:
  bool waiting() const noexcept { return !waiting_.empty(); }
  void send_first(execution_unit* host);
  bool most_take_their_time() const;

  caf::actor_addr source_;
  listener on_told_;
  std::size_t first_window_;
  std::deque<caf::strong_actor_ptr> waiting_;
  std::size_t out_ = 0; ///< Sent, and not known to have ended.
  std::size_t window_ = first_window_;
  bool came_back_ = false;
  /// Some of the actors told last, while others wait.
  std::array<caf::strong_actor_ptr, 16> told_last_;
  std::size_t told_ = 0;
};

} // namespace hololoom::supervision
