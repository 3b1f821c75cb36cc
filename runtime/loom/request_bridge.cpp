#include <hololoom/messages/caf/compat.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/runtime/loom/request_bridge.hpp>

#include <caf/actor_addr.hpp>
#include <caf/send.hpp>

#include <unordered_map>

namespace hololoom::detail {

/// Hands a request to the bridge's actor.
struct bridge_request {
  bridged_request_ptr request;
};

} // namespace hololoom::detail

HOLOLOOM_LOCAL_MESSAGE(1900, hololoom::detail::bridge_request)

namespace hololoom::detail {

namespace {

caf::error part_is_gone() {
  return failure(errc::crashed,
                 "the part of the loom that had the request went down before "
                 "it answered; try again");
}

caf::error part_is_restarting() {
  return failure(errc::unavailable,
                 "the part of the loom that would answer is being restarted; "
                 "try again");
}

/// Keeps the requests under way by receiver, so that they fail when it goes
/// down. Owned by `request_bridge`; ends on an exit message, and fails what is
/// still under way then.
class bridge_state {
public:
  static constexpr const char* name = "request_bridge";

  explicit bridge_state(caf::event_based_actor* self) : self_(self) {}

  ~bridge_state() {
    for (auto& [receiver, requests] : under_way_)
      for (auto& [key, request] : requests)
        request->fail(loom_is_closed());
  }

  caf::behavior make_behavior() {
    self_->set_down_handler(
      [this](const caf::down_msg& x) { receiver_down(x.source); });
    return {[this](const bridge_request& x) {
      send(x.request);
    }};
  }

private:
  void send(const bridged_request_ptr& request) {
    auto receiver = request->receiver().address();
    auto [i, is_new] = under_way_.try_emplace(receiver);
    if (is_new)
      self_->monitor(receiver);
    i->second.emplace(request.get(), request);
    request->send(self_, [this, receiver, key = request.get()] {
      if (auto found = under_way_.find(receiver); found != under_way_.end())
        found->second.erase(key);
    });
  }

  void receiver_down(const caf::actor_addr& receiver) {
    auto requests = under_way_.extract(receiver);
    if (requests.empty())
      return;
    for (auto& [key, request] : requests.mapped())
      request->fail(part_is_gone());
  }

  using requests_by_key =
    std::unordered_map<bridged_request*, bridged_request_ptr>;

  caf::event_based_actor* self_;
  std::unordered_map<caf::actor_addr, requests_by_key> under_way_;
};

} // namespace

void bridged_request::fail(caf::error why) {
  if (!settled_)
    settle(translate_ ? translate_(std::move(why)) : std::move(why));
}

void bridged_request::refuse(caf::error err) {
  // CAF has codes of its own for a receiver that is gone.
  if (code_of(err) == errc::crashed && !is(err, errc::crashed))
    fail(part_is_gone());
  else
    settle(std::move(err));
}

request_bridge::request_bridge(caf::actor_system& system)
  : actor_(spawn_state<bridge_state, caf::actor, caf::detached>(system)) {}

request_bridge::~request_bridge() {
  close();
}

void request_bridge::close() {
  write_guard guard{mutex_};
  // At normal priority, behind the answers that have arrived and were not
  // handed over yet: those are few and take no time.
  if (auto actor = std::exchange(actor_, nullptr))
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

void request_bridge::hand_over(bridged_request_ptr request) {
  if (!request->receiver())
    return request->fail(part_is_restarting());
  read_guard guard{mutex_};
  if (actor_)
    caf::anon_send(actor_, bridge_request{std::move(request)});
  else
    request->fail(loom_is_closed());
}

} // namespace hololoom::detail
