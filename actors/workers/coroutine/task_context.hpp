#pragma once

#include <hololoom/actors/workers/coroutine/awaiters.hpp>
#include <hololoom/actors/workers/coroutine/callback.hpp>
#include <hololoom/messages/caf/compat.hpp>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/timespan.hpp>

#include <chrono>
#include <concepts>
#include <type_traits>
#include <utility>

namespace hololoom {

/// The interface of a coroutine to its worker. A cheap value, valid while the
/// coroutine runs and on its thread only.
///
/// Every `co_await` on it throws `cancelled` once the worker has been told to
/// end; see `background::coroutine` for the rules.
class task_context {
public:
  using time_point = detail::task_runner::time_point;

  /// @private
  explicit task_context(detail::task_runner& runner) noexcept
    : runner_(&runner) {}

  // -- waiting ----------------------------------------------------------------

  /// `co_await` it to sleep for `length`. Costs no thread, and no memory from
  /// the second time on.
  template <class Rep, class Period>
  auto sleep_for(std::chrono::duration<Rep, Period> length) const {
    using std::chrono::hours;
    // Capped at a century, so that the clock does not overflow.
    constexpr auto for_ever = hours{24 * 36'525};
    auto now = runner_->now();
    return sleep_until(length >= for_ever
                         ? now + for_ever
                         : now
                             + std::chrono::ceil<time_point::duration>(length));
  }

  /// `co_await` it to sleep until `due` on this worker's clock (`now`).
  detail::sleep_awaiter sleep_until(time_point due) const noexcept {
    return {*runner_, due};
  }

  /// `co_await` it at intervals in a long computation, so that other workers
  /// get their turn on this thread and this one can be told to end.
  detail::yield_awaiter yield() const noexcept {
    return detail::yield_awaiter{*runner_};
  }

  // -- requests to actors -----------------------------------------------------

  /// Sends a request when it is awaited, and gives the answer of `receiver` as
  /// a `caf::expected<T>`: an error if `receiver` answers with one, is dead, or
  /// does not answer within `timeout`. `T` is the answer's type in the typed
  /// interface: `void` if there is none, a tuple if there are several values.
  ///
  /// The message is built from its members, or given by name:
  ///
  /// ~~~
  /// auto answer = co_await ctx.request<recall_request>(yarn, 2s, "text", 3);
  /// if (!answer)
  ///   ...
  /// recall_request again{"text", 3};
  /// answer = co_await ctx.request(yarn, 2s, again);
  /// ~~~
  template <class Message, typed_handle Handle, class... Args>
  auto request(const Handle& receiver, caf::timespan timeout,
               Args&&... members) const {
    static_assert(takes<Handle, Message>,
                  "the receiver takes no such message: see its `answers`");
    if constexpr (takes<Handle, Message>)
      return pending_request<response_of<Handle, Message>, Handle, Message>{
        *runner_, receiver, timeout, Message{std::forward<Args>(members)...}};
  }

  template <typed_handle Handle, class... Ts>
  auto request(const Handle& receiver, caf::timespan timeout,
               Ts&&... xs) const {
    static_assert(
      (detail::safe_in_co_await<Ts> && ...),
      "g++ 12 destroys a braced temporary of a co_await twice: give the "
      "message a name, or have it built: ctx.request<message>(to, limit, "
      "members...)");
    static_assert(takes<Handle, std::decay_t<Ts>...>,
                  "the receiver takes no such message: see its `answers`");
    if constexpr (takes<Handle, std::decay_t<Ts>...>)
      return pending_request<response_of<Handle, std::decay_t<Ts>...>, Handle,
                             std::decay_t<Ts>...>{*runner_, receiver, timeout,
                                                  std::forward<Ts>(xs)...};
  }

  /// The same for an actor without a typed interface: the caller names the type
  /// of the answer. Any other answer is an error (`unexpected_response`).
  template <class T, class... Ts>
  auto request(const caf::actor& receiver, caf::timespan timeout,
               Ts&&... xs) const {
    static_assert((detail::safe_in_co_await<Ts> && ...),
                  "g++ 12 destroys a braced temporary of a co_await twice: "
                  "give the message a name");
    return pending_request<T, caf::actor, std::decay_t<Ts>...>{
      *runner_, receiver, timeout, std::forward<Ts>(xs)...};
  }

  /// The child of this worker's tree called `name`: a path
  /// ("root/workers/counter"), or the last part of one. The handle stays good
  /// over restarts; requests to it fail with `errc::unavailable` meanwhile.
  /// @returns `errc::not_found` if no child of that name is known.
  template <class Handle = caf::actor>
  [[nodiscard]] caf::expected<Handle> find(std::string_view name) const {
    auto found = runner_->find(name);
    if (!found)
      return std::move(found.error());
    return caf::actor_cast<Handle>(*found);
  }

  // -- other work -------------------------------------------------------------

  /// `co_await` it for work that is not an actor's: calls `begin` with a
  /// `callback<T>`, which any thread may call, once, with the result. Gives a
  /// `caf::expected<T>`: the result, or `errc::cancelled` if the last copy of
  /// the callback was destroyed without a call. When the worker is told to end,
  /// it does not wait: the work goes on, and its result is dropped.
  ///
  /// ~~~
  /// auto size = co_await ctx.from_callback<std::size_t>([&](auto done) {
  ///   pool.post([done] { done(measure()); });
  /// });
  /// ~~~
  template <class T, std::invocable<callback<T>> Begin>
  auto from_callback(Begin begin) const {
    return detail::callback_awaiter<T, Begin>{*runner_, std::move(begin)};
  }

  // -- ending -----------------------------------------------------------------

  /// Whether the worker has been told to end; does not change between two
  /// `co_await`s.
  bool stop_requested() const noexcept { return runner_->stop_requested(); }

  /// While the guard lives, `co_await` works as if the worker had not been told
  /// to end: for a clean-up that has to wait. The supervisor's shutdown limit
  /// still applies.
  class [[nodiscard]] shield_guard {
  public:
    explicit shield_guard(detail::task_runner& runner) noexcept
      : runner_(runner) {
      runner_.raise_shield();
    }
    shield_guard(const shield_guard&) = delete;
    shield_guard& operator=(const shield_guard&) = delete;
    ~shield_guard() { runner_.lower_shield(); }

  private:
    detail::task_runner& runner_;
  };

  shield_guard shield() const noexcept { return shield_guard{*runner_}; }

  // -- the worker -------------------------------------------------------------

  /// The actor that hosts the coroutine, for sending messages, spawning actors
  /// and access to the system. Its behaviour must not be changed.
  caf::event_based_actor* self() const noexcept { return runner_->self(); }

  /// The current time of the clock that `sleep_for` uses.
  time_point now() const noexcept { return runner_->now(); }

  /// Sets what snapshots and reports say that the worker is doing, until the
  /// next wait. `text` is not copied: it must be a literal.
  void doing(const char* text) const noexcept { runner_->set_doing(text); }

private:
  detail::task_runner* runner_;
};

} // namespace hololoom
