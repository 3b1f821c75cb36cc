#include <hololoom/actors/supervision/shell/paced_exits.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <caf/scheduled_actor.hpp>

#include <algorithm>
#include <utility>

namespace hololoom::supervision {

namespace {

/// Exits sent before other messages have their turn.
constexpr auto slice = 256;

/// Whether `x` lives and has seen all that it was sent, or never waits for the
/// scheduler's workers.
bool takes_its_time(const caf::strong_actor_ptr& x) {
  if (!x)
    return false;
  auto* actor = dynamic_cast<caf::scheduled_actor*>(x->get());
  return !actor || actor->mailbox().blocked();
}

} // namespace

void paced_exits::release(execution_unit* host) {
  for (auto left = slice; left > 0 && unfinished(); --left)
    send_first(host);
}

void paced_exits::tick() {
  auto came_back = std::exchange(came_back_, false);
  if (!waiting()) {
    // Actors that still have not ended do not count against the next exits.
    out_ = 0;
    window_ = first_window_;
    told_last_ = {};
  } else if (!came_back || most_take_their_time()) {
    window_ *= 2;
  }
}

void paced_exits::release_all() {
  while (waiting())
    send_first(nullptr);
}

void paced_exits::send_first(execution_unit* host) {
  auto target = std::move(waiting_.front());
  waiting_.pop_front();
  ++out_;
  exit_high(target, caf::make_error(caf::exit_reason::user_shutdown), source_,
            host);
  on_told_(target);
  told_last_[told_++ % told_last_.size()] = std::move(target);
}

bool paced_exits::most_take_their_time() const {
  auto count =
    std::count_if(told_last_.begin(), told_last_.end(), takes_its_time);
  return 2 * static_cast<std::size_t>(count) >= told_last_.size();
}

} // namespace hololoom::supervision
