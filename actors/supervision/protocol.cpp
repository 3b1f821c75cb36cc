#include <hololoom/actors/supervision/protocol.hpp>

#include <caf/send.hpp>

#include <utility>

namespace hololoom {

namespace {

/// Sends a `Message` about the child's start to its supervisor.
template <class Message, class T>
void tell(const start_context& ctx, T what) {
  auto to = caf::actor_cast<caf::strong_actor_ptr>(ctx.supervisor);
  if (!to)
    return;
  auto slash = ctx.path.rfind('/');
  auto name =
    slash == std::string::npos ? ctx.path : ctx.path.substr(slash + 1);
  caf::anon_send(caf::actor_cast<caf::actor>(to),
                 Message{std::move(name), ctx.start_id, std::move(what)});
}

} // namespace

void start_context::ready() const {
  tell<child_ready>(*this, caf::error{});
}

void start_context::progressed(std::string what) const {
  tell<child_progress>(*this, std::move(what));
}

void start_context::failed(caf::error reason) const {
  tell<child_ready>(*this,
                    reason ? std::move(reason)
                           : failure(errc::start_failed, "it did not say why"));
}

} // namespace hololoom
