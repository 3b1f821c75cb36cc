#pragma once

#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/errc.hpp>
#include <hololoom/runtime/inside/gate.hpp>

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <functional>
#include <future>
#include <memory>
#include <shared_mutex>
#include <tuple>
#include <type_traits>
#include <utility>

namespace hololoom {

/// A request on behalf of a thread that is no actor.
class errand : public std::enable_shared_from_this<errand> {
public:
  virtual ~errand() = default;

  /// Sends the request; calls `over`, once, when it is answered.
  virtual void run(caf::event_based_actor* self,
                   std::function<void()> over) = 0;

  /// Nobody will answer it, because of `why`.
  virtual void lose(caf::error why) = 0;

  virtual caf::actor_addr receiver() const = 0;
};

using errand_ptr = std::shared_ptr<errand>;

/// Hands an errand to a porter.
struct carry {
  errand_ptr what;
};

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1900, hololoom::carry)

namespace hololoom {

/// What to tell whoever asked when nobody answers: the reason in its words.
using loss = std::function<caf::error(caf::error)>;

namespace detail {

/// The error of a request whose receiver is no more.
caf::error part_is_gone();

template <class Result, class Handle, class... Ts>
class request_errand final : public errand {
public:
  template <class... Us>
  request_errand(loss lost, Handle to, Us&&... xs)
    : lost_(std::move(lost)),
      to_(std::move(to)),
      content_(std::forward<Us>(xs)...) {}

  ~request_errand() override {
    if (!settled_)
      lose(loom_is_closed());
  }

  std::future<caf::expected<Result>> get_future() {
    return promise_.get_future();
  }

  void run(caf::event_based_actor* self, std::function<void()> over) override {
    auto me = std::static_pointer_cast<request_errand>(shared_from_this());
    std::apply(
      [&](auto&... xs) {
        self->request(to_, caf::infinite, std::move(xs)...)
          .then(
            [me, over](Result& x) {
              me->settle(std::move(x));
              over();
            },
            [me, over](caf::error& err) {
              me->refused(std::move(err));
              over();
            });
      },
      content_);
  }

  void lose(caf::error why) override {
    if (!settled_)
      settle(lost_ ? lost_(std::move(why)) : std::move(why));
  }

  caf::actor_addr receiver() const override {
    return caf::actor_cast<caf::actor_addr>(to_);
  }

private:
  /// An answer, or CAF's word for none.
  void refused(caf::error err) {
    if (code_of(err) == errc::crashed && !is(err, errc::crashed))
      lose(part_is_gone());
    else
      settle(std::move(err));
  }

  void settle(caf::expected<Result> x) {
    if (!std::exchange(settled_, true))
      promise_.set_value(std::move(x));
  }

  loss lost_;
  Handle to_;
  std::tuple<Ts...> content_;
  std::promise<caf::expected<Result>> promise_;
  bool settled_ = false;
};

} // namespace detail

/// Speaks with actors for threads that are none: turns a request into a future,
/// and fails it with `errc::crashed` the moment its receiver goes down. It has
/// a thread of its own, so that it answers whatever the scheduler's threads are
/// stuck in. Thread-safe.
class porter {
public:
  explicit porter(caf::actor_system& system);
  ~porter();
  porter(const porter&) = delete;
  porter& operator=(const porter&) = delete;

  /// Asks `to`. The future always gets a value: after `close`, and when `to`
  /// is null, it is `errc::closed` or `errc::unavailable` at once, or what
  /// `lost` (which may be null) makes of that.
  template <class Result, class Handle, class... Ts>
  std::future<caf::expected<Result>> ask(loss lost, const Handle& to,
                                         Ts&&... xs) {
    using errand_type =
      detail::request_errand<Result, Handle, std::decay_t<Ts>...>;
    auto what = std::make_shared<errand_type>(std::move(lost), to,
                                              std::forward<Ts>(xs)...);
    auto result = what->get_future();
    if (to)
      hand_over(std::move(what));
    else
      what->lose(failure(errc::unavailable,
                         "the part of the loom that would answer is being "
                         "restarted; try again"));
    return result;
  }

  /// Hands over the answers that have come, fails what is still under way with
  /// `errc::closed`, and ends. Idempotent.
  void close();

private:
  void hand_over(errand_ptr what);

  /// Nobody speaks to the actor once it was told to end: its system may go.
  std::shared_mutex mutex_;
  caf::actor actor_;
};

} // namespace hololoom
