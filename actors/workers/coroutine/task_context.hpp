#pragma once

#include <hololoom/actors/workers/coroutine/task.hpp>
#include <hololoom/actors/workers/coroutine/task_runner.hpp>
#include <hololoom/messages/caf/compat.hpp>

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/expected.hpp>
#include <caf/sec.hpp>
#include <caf/timespan.hpp>

#include <chrono>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace hololoom {

namespace detail {

/// `co_await`s a point in time.
class [[nodiscard]] sleep_awaiter {
public:
  using time_point = task_runner::time_point;

  sleep_awaiter(task_runner& runner, time_point due) noexcept
    : runner_(&runner), due_(due) {}

  bool await_ready() const noexcept { return runner_->interrupted(); }
  void await_suspend(std::coroutine_handle<> h) {
    if (auto op = runner_->wait(h, "sleeping"))
      runner_->wake_at(op, due_);
  }
  void await_resume() { runner_->check(); }

private:
  task_runner* runner_;
  time_point due_;
};

/// `co_await`s its turn.
class [[nodiscard]] yield_awaiter {
public:
  explicit yield_awaiter(task_runner& runner) noexcept : runner_(&runner) {}

  bool await_ready() const noexcept { return runner_->interrupted(); }
  void await_suspend(std::coroutine_handle<> h) {
    if (auto op = runner_->wait(h, "yielding"))
      runner_->wake_soon(op);
  }
  void await_resume() { runner_->check(); }

private:
  task_runner* runner_;
};

} // namespace detail

/// A request that is sent when it is awaited, and gives a `caf::expected<T>`.
/// Made by `task_context::request`.
template <class T, class Handle, class... Ts>
class [[nodiscard]] pending_request {
public:
  using result_type = caf::expected<T>;

  pending_request(detail::task_runner& runner, Handle receiver,
                  caf::timespan timeout, Ts... xs)
    : runner_(&runner),
      receiver_(std::move(receiver)),
      timeout_(timeout),
      content_(std::move(xs)...) {}

  bool await_ready() const noexcept { return runner_->interrupted(); }
  void await_suspend(std::coroutine_handle<> h) {
    if (auto op = runner_->wait(h, "awaiting an answer"))
      send(op);
  }
  result_type await_resume() {
    runner_->check();
    return std::move(result_);
  }

  /// @private
  void send(std::uint64_t op) {
    std::apply(
      [&](auto&... xs) {
        auto request =
          runner_->self()->request(receiver_, timeout_, std::move(xs)...);
        request.then(
          on_value(op, request.id(), static_cast<T*>(nullptr)),
          [this, runner = runner_, op, id = request.id()](caf::error& reason) {
            forget_request_timeout(runner->self(), id);
            finish(*runner, op, std::move(reason));
          });
      },
      content_);
  }

  /// @private
  result_type take() { return std::move(result_); }

  /// @private
  detail::task_runner& runner() const noexcept { return *runner_; }

private:
  // The task, and with it this object, may be gone when the answer comes: only
  // `waits` tells. The runner is the actor, and lives.
  template <class U>
  void finish(detail::task_runner& runner, std::uint64_t op, U&& result) {
    if (runner.waits(op)) {
      result_ = std::forward<U>(result);
      runner.arrived(op);
    }
  }

  template <class U>
  auto on_value(std::uint64_t op, caf::message_id id, U*) {
    return [this, runner = runner_, op, id](U& x) {
      forget_request_timeout(runner->self(), id);
      finish(*runner, op, std::move(x));
    };
  }

  auto on_value(std::uint64_t op, caf::message_id id, void*) {
    return [this, runner = runner_, op, id] {
      forget_request_timeout(runner->self(), id);
      finish(*runner, op, caf::expected<void>{});
    };
  }

  template <class... Us>
  auto on_value(std::uint64_t op, caf::message_id id, std::tuple<Us...>*) {
    return [this, runner = runner_, op, id](Us&... xs) {
      forget_request_timeout(runner->self(), id);
      finish(*runner, op, std::tuple<Us...>{std::move(xs)...});
    };
  }

  detail::task_runner* runner_;
  Handle receiver_;
  caf::timespan timeout_;
  std::tuple<Ts...> content_;
  result_type result_ = caf::sec::runtime_error;
};

/// What a coroutine worker is given: its window on the world. A cheap value
/// that is good for as long as the coroutine runs, and for its thread only.
///
/// With g++ 12, give a message a name before it is awaited:
/// `stop x{"a"}; co_await ctx.request(to, 1s, x);`. That compiler destroys a
/// braced temporary of a `co_await` twice.
///
/// Every `co_await` of what it offers throws `cancelled` once the worker has
/// been told to end; see `background::coroutine` for the rules.
class task_context {
public:
  using time_point = detail::task_runner::time_point;

  /// @private
  explicit task_context(detail::task_runner& runner) noexcept
    : runner_(&runner) {}

  // -- waiting ----------------------------------------------------------------

  /// `co_await` it to let `length` pass. Costs neither a thread nor, from the
  /// second time on, memory.
  template <class Rep, class Period>
  auto sleep_for(std::chrono::duration<Rep, Period> length) const {
    using std::chrono::hours;
    // Beyond a century it is for ever: the clock must not overflow.
    constexpr auto for_ever = hours{24 * 36'525};
    auto now = runner_->now();
    return sleep_until(length >= for_ever
                         ? now + for_ever
                         : now
                             + std::chrono::ceil<time_point::duration>(length));
  }

  /// `co_await` it to wait for `due`, a time of this worker's clock (`now`).
  detail::sleep_awaiter sleep_until(time_point due) const noexcept {
    return {*runner_, due};
  }

  /// `co_await` it now and then in a long computation, so that others get their
  /// turn on this thread, and the worker can be told to end.
  detail::yield_awaiter yield() const noexcept {
    return detail::yield_awaiter{*runner_};
  }

  // -- asking other actors ----------------------------------------------------

  /// Sends a request when it is awaited, and gives what `receiver` answers as
  /// `caf::expected<T>`: an error when it answers with one, is dead, or does
  /// not answer within `timeout`. `T` is what the typed actor answers; `void`
  /// and, for several values, a tuple included.
  ///
  /// ~~~
  /// auto answer = co_await ctx.request(yarn, 2s, recall_request{...});
  /// if (!answer)
  ///   ...
  /// ~~~
  template <typed_handle Handle, class... Ts>
  auto request(const Handle& receiver, caf::timespan timeout, Ts... xs) const {
    return pending_request<response_of<Handle, Ts...>, Handle, Ts...>{
      *runner_, receiver, timeout, std::move(xs)...};
  }

  /// The same for an actor without a typed interface: the caller says what the
  /// answer is. Another answer is an error (`unexpected_response`).
  template <class T, class... Ts>
  auto request(const caf::actor& receiver, caf::timespan timeout,
               Ts... xs) const {
    return pending_request<T, caf::actor, Ts...>{*runner_, receiver, timeout,
                                                 std::move(xs)...};
  }

  // -- ending -----------------------------------------------------------------

  /// Whether the worker has been told to end. It cannot change between two
  /// `co_await`s.
  bool stop_requested() const noexcept { return runner_->stop_requested(); }

  /// While the guard lives, `co_await` works as if nobody had told the worker
  /// to end: for a clean-up that has to wait for something. The supervisor's
  /// limit for the shutdown still holds.
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

  // -- the rest of the world --------------------------------------------------

  /// The actor that hosts the coroutine: for sending messages, spawning,
  /// the system. It must not get another behaviour.
  caf::event_based_actor* self() const noexcept { return runner_->self(); }

  /// The time of the clock that `sleep_for` goes by.
  time_point now() const noexcept { return runner_->now(); }

  /// Says what the worker is doing, for whoever asks while it does it; until
  /// the next wait. `text` is not copied: it must be a literal.
  void doing(const char* text) const noexcept { runner_->set_doing(text); }

private:
  detail::task_runner* runner_;
};

namespace detail {

template <class T>
struct is_request : std::false_type {};

template <class T, class Handle, class... Ts>
struct is_request<pending_request<T, Handle, Ts...>> : std::true_type {};

template <class T>
concept request = is_request<T>::value;

} // namespace detail

/// `co_await` it to send several requests at once and wait for all their
/// answers: gives a tuple of `caf::expected`.
///
/// ~~~
/// auto [shards, metrics] = co_await when_all(
///   ctx.request(yarn, 1s, yarn_status_query{}),
///   ctx.request(reflection, 1s, metrics_query{}));
/// ~~~
template <detail::request... Requests>
requires(sizeof...(Requests) > 0) auto when_all(Requests... requests) {
  class [[nodiscard]] awaiter {
  public:
    explicit awaiter(Requests... xs) : requests_(std::move(xs)...) {}
    bool await_ready() const noexcept { return runner().interrupted(); }
    void await_suspend(std::coroutine_handle<> h) {
      auto op = runner().wait(h, "awaiting answers", sizeof...(Requests));
      if (op != 0)
        std::apply([op](auto&... xs) { (xs.send(op), ...); }, requests_);
    }
    auto await_resume() {
      runner().check();
      using results = std::tuple<typename Requests::result_type...>;
      return std::apply([](auto&... xs) { return results{xs.take()...}; },
                        requests_);
    }

  private:
    detail::task_runner& runner() const noexcept {
      return std::get<0>(requests_).runner();
    }
    std::tuple<Requests...> requests_;
  };
  return awaiter{std::move(requests)...};
}

/// The same for any number of alike requests: gives a vector, in their order.
template <detail::request Request>
auto when_all(std::vector<Request> requests) {
  class [[nodiscard]] awaiter {
  public:
    explicit awaiter(std::vector<Request> xs) : requests_(std::move(xs)) {}
    bool await_ready() const noexcept {
      return requests_.empty() || requests_.front().runner().interrupted();
    }
    void await_suspend(std::coroutine_handle<> h) {
      auto op = requests_.front().runner().wait(h, "awaiting answers",
                                                requests_.size());
      for (auto& x : requests_)
        if (op != 0)
          x.send(op);
    }
    auto await_resume() {
      std::vector<typename Request::result_type> results;
      if (requests_.empty())
        return results;
      requests_.front().runner().check();
      results.reserve(requests_.size());
      for (auto& x : requests_)
        results.push_back(x.take());
      return results;
    }

  private:
    std::vector<Request> requests_;
  };
  return awaiter{std::move(requests)};
}

} // namespace hololoom
