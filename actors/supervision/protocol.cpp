#include <hololoom/actors/supervision/protocol.hpp>

#include <caf/send.hpp>

#include <utility>

namespace hololoom {

namespace {

void tell(const start_context& ctx, caf::error reason) {
  auto to = caf::actor_cast<caf::strong_actor_ptr>(ctx.supervisor);
  if (!to)
    return;
  auto slash = ctx.path.rfind('/');
  auto name =
    slash == std::string::npos ? ctx.path : ctx.path.substr(slash + 1);
  caf::anon_send(caf::actor_cast<caf::actor>(to),
                 child_ready{std::move(name), ctx.start_id, std::move(reason)});
}

} // namespace

void start_context::ready() const {
  tell(*this, {});
}

void start_context::failed(caf::error reason) const {
  tell(*this, reason ? std::move(reason)
                     : failure(errc::start_failed, "it did not say why"));
}

} // namespace hololoom
