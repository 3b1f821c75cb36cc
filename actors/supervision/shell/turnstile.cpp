#include <hololoom/actors/supervision/shell/turnstile.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/caf/put.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <utility>

namespace hololoom::supervision {

struct pass_message {
  caf::strong_actor_ptr target;
  caf::message message;
};

} // namespace hololoom::supervision

HOLOLOOM_LOCAL_MESSAGE(1528, hololoom::supervision::pass_message)

namespace hololoom::supervision {

namespace {

caf::behavior gate(caf::event_based_actor* self) {
  return {[self](pass_message& x) {
    put(x.target, std::move(x.message), self->context());
  }};
}

} // namespace

turnstile::~turnstile() {
  exit_high(gate_, caf::make_error(caf::exit_reason::kill));
}

void turnstile::pass(caf::actor_system& system, caf::strong_actor_ptr target,
                     caf::message message) {
  if (!gate_)
    gate_ =
      caf::actor_cast<caf::strong_actor_ptr>(system.spawn<caf::hidden>(gate));
  // Without a host, it is put at the end of a worker's queue.
  put(gate_,
      caf::make_message(pass_message{std::move(target), std::move(message)}));
}

} // namespace hololoom::supervision
