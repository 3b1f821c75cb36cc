#pragma once

#include <hololoom/messages/caf/compat.hpp>
#include <hololoom/messages/caf/put.hpp>
#include <hololoom/messages/errc.hpp>

#include <caf/actor_cast.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/timespan.hpp>

#include <future>
#include <memory>
#include <utility>

namespace hololoom {

namespace supervision {

/// Watches the target of one request: if it goes down, the asker gets an error
/// instead of the answer. Owned by the request, and ends with it.
///
/// CAF answers for what still waits in a dead actor's mailbox, but not for a
/// request that the actor had taken up and promised to answer.
class request_guard {
public:
  static constexpr const char* name = "request_guard";

  request_guard(caf::event_based_actor* self, caf::strong_actor_ptr target,
                caf::strong_actor_ptr asker, caf::message_id request)
    : self_(self), target_(std::move(target)) {
    self->set_down_handler(
      [this, asker = std::move(asker), request](const caf::down_msg&) {
        put(asker, nullptr, request,
            caf::make_message(failure(errc::crashed,
                                      "the actor that had the request is gone; "
                                      "look its name up again and retry")));
        self_->quit();
      });
    self->set_exit_handler([this](const caf::exit_msg& msg) {
      self_->demonitor(target_->address());
      self_->quit(msg.reason);
    });
    self->monitor(target_);
  }

  caf::behavior make_behavior() {
    return {[](const caf::unit_t&) {
      // It receives no messages, and only waits.
    }};
  }

private:
  caf::event_based_actor* self_;
  caf::strong_actor_ptr target_;
};

} // namespace supervision

/// Sends `message` to `target` and calls `on_result(const Result&)` or
/// `on_error(const caf::error&)`, once: `errc::crashed` the moment that the
/// target goes down, `sec::request_timeout` after `limit`, and
/// `errc::unavailable`, before `ask` returns, if the target is null.
template <class Result, class Self, class Handle, class Message, class F,
          class G>
void ask(Self* self, const Handle& target, caf::timespan limit,
         Message&& message, F on_result, G on_error) {
  if (!target) {
    on_error(null_target());
    return;
  }
  auto request = self->request(target, limit, std::forward<Message>(message));
  auto guard = spawn_state<supervision::request_guard, caf::actor>(
    self->system(), caf::actor_cast<caf::strong_actor_ptr>(target),
    caf::strong_actor_ptr{self->ctrl()}, request.id());
  auto done = [guard] {
    caf::anon_send_exit(guard, caf::exit_reason::user_shutdown);
  };
  request.then(
    [done, on_result = std::move(on_result)](const Result& x) mutable {
      done();
      on_result(x);
    },
    [done, on_error = std::move(on_error)](const caf::error& e) mutable {
      done();
      on_error(e);
    });
}

/// The same for a thread outside of any actor: blocks until the answer comes.
template <class Result, class Handle, class Message>
[[nodiscard]] caf::expected<Result>
ask_and_wait(caf::actor_system& system, const Handle& target,
             caf::timespan limit, Message message) {
  auto answer = std::make_shared<std::promise<caf::expected<Result>>>();
  auto future = answer->get_future();
  system.spawn([=](caf::event_based_actor* self) mutable {
    ask<Result>(
      self, target, limit, std::move(message),
      [answer](const Result& x) {
        answer->set_value(caf::expected<Result>{x});
      },
      [answer](const caf::error& e) {
        answer->set_value(caf::expected<Result>{e});
      });
  });
  return future.get();
}

/// The same, with the answer that the target's type says it gives.
template <typed_handle Handle, class Message>
[[nodiscard]] auto ask_and_wait(caf::actor_system& system, const Handle& target,
                                caf::timespan limit, Message message) {
  static_assert(takes<Handle, Message>,
                "the target takes no such message: see its `answers`");
  if constexpr (takes<Handle, Message>)
    return ask_and_wait<response_of<Handle, Message>>(system, target, limit,
                                                      std::move(message));
}

} // namespace hololoom
