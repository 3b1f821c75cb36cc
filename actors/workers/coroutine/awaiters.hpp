#pragma once

#include <hololoom/actors/workers/coroutine/task_runner.hpp>
#include <hololoom/messages/caf/compat.hpp>
#include <hololoom/messages/errc.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/expected.hpp>
#include <caf/sec.hpp>
#include <caf/timespan.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// What a coroutine can `co_await`, besides tasks. `task_context` makes them.

namespace hololoom {

namespace detail {

/// The base of awaiters: a coroutine that has been told to end is not
/// suspended.
class awaiter_base : public awaitable {
public:
  bool await_ready() const noexcept { return runner_->interrupted(); }

protected:
  explicit awaiter_base(task_runner& runner) noexcept : runner_(&runner) {}

  task_runner* runner_;
};

class [[nodiscard]] sleep_awaiter : public awaiter_base {
public:
  using time_point = task_runner::time_point;

  sleep_awaiter(task_runner& runner, time_point due) noexcept
    : awaiter_base(runner), due_(due) {}

  void await_suspend(std::coroutine_handle<> h) {
    if (auto op = runner_->wait(h, "sleeping"))
      runner_->wake_at(op, due_);
  }
  void await_resume() { runner_->check(); }

private:
  time_point due_;
};

class [[nodiscard]] yield_awaiter : public awaiter_base {
public:
  explicit yield_awaiter(task_runner& runner) noexcept : awaiter_base(runner) {}

  void await_suspend(std::coroutine_handle<> h) {
    if (auto op = runner_->wait(h, "yielding"))
      runner_->wake_soon(op);
  }
  void await_resume() { runner_->check(); }
};

} // namespace detail

/// A request that is sent when it is awaited, and gives a `caf::expected<T>`.
/// Made by `task_context::request`. It is sent once: to await it again gives
/// `errc::not_supported`. To a null handle it gives `errc::unavailable`.
template <class T, class Handle, class... Ts>
class [[nodiscard]] pending_request : public detail::awaiter_base {
public:
  using result_type = caf::expected<T>;

  pending_request(detail::task_runner& runner, Handle receiver,
                  caf::timespan timeout, Ts... xs)
    : awaiter_base(runner),
      receiver_(std::move(receiver)),
      timeout_(timeout),
      content_(std::move(xs)...) {}

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
    if (auto why = refusal()) {
      result_ = std::move(why);
      runner_->wake_soon(op);
      return;
    }
    std::apply(
      [&](auto&... xs) {
        auto request =
          runner_->self()->request(receiver_, timeout_, std::move(xs)...);
        arrival done{this, runner_, op, request.id()};
        request.then(on_value(done, static_cast<T*>(nullptr)),
                     [done](caf::error& reason) { done(std::move(reason)); });
      },
      content_);
  }

  /// @private
  result_type take() { return std::move(result_); }

  /// @private
  detail::task_runner& runner() const noexcept { return *runner_; }

private:
  caf::error refusal() {
    if (std::exchange(sent_, true))
      return failure(errc::not_supported,
                     "this request was awaited before, and its content is "
                     "gone; make a new one for each `co_await`");
    return receiver_ ? caf::error{} : null_target();
  }

  /// Delivers the answer. The task, and with it `request`, may be gone by then:
  /// only `waits` tells. The runner is the actor that got the answer, and
  /// lives.
  struct arrival {
    template <class U>
    void operator()(U&& result) const {
      forget_request_timeout(runner->self(), id);
      if (runner->waits(op)) {
        request->result_ = std::forward<U>(result);
        runner->arrived(op);
      }
    }

    pending_request* request;
    detail::task_runner* runner;
    std::uint64_t op;
    caf::message_id id;
  };

  template <class U>
  static auto on_value(arrival done, U*) {
    return [done](U& x) {
      done(std::move(x));
    };
  }

  static auto on_value(arrival done, void*) {
    return [done] {
      done(caf::expected<void>{});
    };
  }

  template <class... Us>
  static auto on_value(arrival done, std::tuple<Us...>*) {
    return [done](Us&... xs) {
      done(std::tuple<Us...>{std::move(xs)...});
    };
  }

  Handle receiver_;
  caf::timespan timeout_;
  std::tuple<Ts...> content_;
  result_type result_ = caf::sec::runtime_error;
  bool sent_ = false;
};

namespace detail {

/// g++ 12 destroys a braced temporary of a `co_await` twice. An aggregate that
/// owns something must therefore have a name, or be built by `request`.
template <class T>
concept safe_in_co_await =
  std::is_lvalue_reference_v<T> || !std::is_aggregate_v<std::remove_cvref_t<
    T>> || std::is_trivially_destructible_v<std::remove_cvref_t<T>>;

template <class T>
struct is_request : std::false_type {};

template <class T, class Handle, class... Ts>
struct is_request<pending_request<T, Handle, Ts...>> : std::true_type {};

template <class T>
concept request = is_request<T>::value;

} // namespace detail

/// `co_await` it to send several requests at once and wait for all their
/// answers. It gives a tuple of `caf::expected`.
///
/// ~~~
/// auto [shards, metrics] = co_await when_all(
///   ctx.request<yarn_status_query>(yarn, 1s),
///   ctx.request<metrics_query>(reflection, 1s));
/// ~~~
template <detail::request... Requests>
requires(sizeof...(Requests) > 0) auto when_all(Requests... requests) {
  class [[nodiscard]] awaiter : public detail::awaitable {
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

/// The same for any number of requests of one type. It gives a vector, in their
/// order.
template <detail::request Request>
auto when_all(std::vector<Request> requests) {
  class [[nodiscard]] awaiter : public detail::awaitable {
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
