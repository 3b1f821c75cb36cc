#include <hololoom/runtime/inside/request_bridge.hpp>

#include <caf/send.hpp>

#include <mutex>
#include <unordered_map>
#include <utility>

namespace hololoom {

namespace {

/// Keeps what is under way by receiver, so that nobody waits for the dead.
/// Owned by `porter`; ends by exit, and answers what is left then.
class porter_state {
public:
  static constexpr const char* name = "porter";

  explicit porter_state(caf::event_based_actor* self) : self_(self) {}

  ~porter_state() {
    for (auto& [receiver, errands] : under_way_)
      for (auto& [key, x] : errands)
        x->lose(detail::loom_is_closed());
  }

  caf::behavior make_behavior() {
    self_->set_down_handler(
      [this](const caf::down_msg& x) { receiver_down(x.source); });
    return {[this](const carry& x) {
      take(x.what);
    }};
  }

private:
  void take(const errand_ptr& what) {
    auto receiver = what->receiver();
    auto [i, is_new] = under_way_.try_emplace(receiver);
    if (is_new)
      self_->monitor(receiver);
    i->second.emplace(what.get(), what);
    what->run(self_, [this, receiver, key = what.get()] {
      if (auto found = under_way_.find(receiver); found != under_way_.end())
        found->second.erase(key);
    });
  }

  void receiver_down(const caf::actor_addr& receiver) {
    auto errands = under_way_.extract(receiver);
    if (errands.empty())
      return;
    for (auto& [key, x] : errands.mapped())
      x->lose(detail::part_is_gone());
  }

  caf::event_based_actor* self_;
  std::unordered_map<caf::actor_addr, std::unordered_map<errand*, errand_ptr>>
    under_way_;
};

} // namespace

caf::error detail::part_is_gone() {
  return failure(errc::crashed,
                 "the part of the loom that had the request went down before "
                 "it answered; try again");
}

porter::porter(caf::actor_system& system)
  : actor_(spawn_state<porter_state, caf::actor, caf::detached>(system)) {}

porter::~porter() {
  close();
}

void porter::close() {
  std::unique_lock guard{mutex_};
  // Behind the answers that it has not handed over yet: those are a few, and
  // handled in no time.
  if (auto actor = std::exchange(actor_, nullptr))
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

void porter::hand_over(errand_ptr what) {
  std::shared_lock guard{mutex_};
  if (actor_)
    caf::anon_send(actor_, carry{std::move(what)});
  else
    what->lose(detail::loom_is_closed());
}

} // namespace hololoom
