#pragma once

#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/sync.hpp>
#include <hololoom/runtime/loom/admission.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/message.hpp>

#include <functional>
#include <future>
#include <memory>
#include <utility>

namespace hololoom::detail {

/// Turns the reason why a request got no answer into the error of its future.
using failure_translation = std::function<caf::error(caf::error)>;

/// A request of a thread that is not an actor. Its receiver and content have no
/// static type, so that one function sends all of them.
class bridged_request : public std::enable_shared_from_this<bridged_request> {
public:
  bridged_request(caf::actor receiver, caf::message content,
                  failure_translation translate)
    : receiver_(std::move(receiver)),
      content_(std::move(content)),
      translate_(std::move(translate)) {}
  bridged_request(const bridged_request&) = delete;
  bridged_request& operator=(const bridged_request&) = delete;
  virtual ~bridged_request() = default;

  const caf::actor& receiver() const noexcept { return receiver_; }

  /// Sends the request; calls `done`, once, when it is answered.
  virtual void send(caf::event_based_actor* self,
                    std::function<void()> done) = 0;

  /// Settles the request with an error: no answer will come, because of `why`.
  void fail(caf::error why);

protected:
  /// Settles the request with an error that came in place of its answer: the
  /// receiver's, or CAF's when the receiver is gone.
  void refuse(caf::error err);

  virtual void settle(caf::error err) = 0;

  caf::actor receiver_;
  caf::message content_;
  bool settled_ = false;

private:
  failure_translation translate_;
};

using bridged_request_ptr = std::shared_ptr<bridged_request>;

template <class Result>
class bridged_request_for final : public bridged_request {
public:
  using answer_function = std::function<void(caf::expected<Result>)>;

  /// @param answer called once, on any thread.
  bridged_request_for(caf::actor receiver, caf::message content,
                      failure_translation translate, answer_function answer)
    : bridged_request(std::move(receiver), std::move(content),
                      std::move(translate)),
      answer_(std::move(answer)) {}

  ~bridged_request_for() override {
    if (!settled_)
      fail(loom_is_closed());
  }

  void send(caf::event_based_actor* self, std::function<void()> done) override {
    auto me = std::static_pointer_cast<bridged_request_for>(shared_from_this());
    self->request(receiver_, caf::infinite, std::move(content_))
      .then(
        [me, done](Result& x) {
          me->settle_with(std::move(x));
          done();
        },
        [me, done](caf::error& err) {
          me->refuse(std::move(err));
          done();
        });
  }

private:
  void settle(caf::error err) override { settle_with(std::move(err)); }

  void settle_with(caf::expected<Result> x) {
    if (!std::exchange(settled_, true))
      answer_(std::move(x));
  }

  answer_function answer_;
};

/// Talks to actors for threads that are not actors: turns a request into a
/// future, and fails it with `errc::crashed` the moment its receiver goes down.
/// Its actor has a thread of its own, so that it answers even if all of the
/// scheduler's threads are stuck. Thread-safe.
class request_bridge {
public:
  explicit request_bridge(caf::actor_system& system);
  ~request_bridge();
  request_bridge(const request_bridge&) = delete;
  request_bridge& operator=(const request_bridge&) = delete;

  /// Sends `content` to `receiver`, which must answer a `Result`. The future
  /// always gets a value: if the bridge is closed it is `errc::closed`, and if
  /// `receiver` is null `errc::unavailable`, or what `translate` (which may be
  /// null) makes of that.
  template <class Result>
  std::future<caf::expected<Result>> ask(caf::actor receiver,
                                         caf::message content,
                                         failure_translation translate = {}) {
    auto promise = std::make_shared<std::promise<caf::expected<Result>>>();
    auto result = promise->get_future();
    ask_then<Result>(
      std::move(receiver), std::move(content),
      [promise](caf::expected<Result> x) { promise->set_value(std::move(x)); },
      std::move(translate));
    return result;
  }

  /// The same; calls `answer`, which must not block, in place of a future.
  template <class Result>
  void ask_then(caf::actor receiver, caf::message content,
                std::function<void(caf::expected<Result>)> answer,
                failure_translation translate = {}) {
    hand_over(std::make_shared<bridged_request_for<Result>>(
      std::move(receiver), std::move(content), std::move(translate),
      std::move(answer)));
  }

  /// Hands over the answers that have come, fails what is still under way with
  /// `errc::closed`, and ends. Idempotent.
  void close();

private:
  void hand_over(bridged_request_ptr request);

  /// Held while a message is sent to the actor: once the actor has been told to
  /// end, its system may go, so that no message may follow.
  shared_mutex mutex_;
  caf::actor actor_ HOLOLOOM_GUARDED_BY(mutex_);
};

} // namespace hololoom::detail
