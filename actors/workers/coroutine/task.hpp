#pragma once

#include <concepts>
#include <coroutine>
#include <cxxabi.h>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace hololoom {

/// Thrown by the `co_await`s of a coroutine that has been told to end. It is
/// not a `std::exception`, so that a loop which catches those and goes on does
/// not catch its own cancellation by mistake.
struct cancelled {};

template <class T>
class task_of;

namespace detail {

class task_runner;

/// The base of what a task can await, besides other tasks.
struct awaitable {};

template <class T>
struct is_task : std::false_type {};
template <class T>
struct is_task<task_of<T>> : std::true_type {};

/// What a task can await: it can be told to end there.
template <class T>
concept awaitable_in_task =
  std::derived_from<std::remove_cvref_t<T>,
                    awaitable> || is_task<std::remove_cvref_t<T>>::value;

void schedule(task_runner& runner, std::coroutine_handle<> next) noexcept;

/// Awaits what has a name where it is: g++ 12 would await a copy of what
/// `await_transform` returns a reference to.
template <class T>
struct await_in_place {
  T& what;
  bool await_ready() const { return what.await_ready(); }
  void await_suspend(std::coroutine_handle<> h) const { what.await_suspend(h); }
  decltype(auto) await_resume() const { return what.await_resume(); }
};

/// The base of the promises of all tasks.
struct task_promise_base {
  struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      // Back to the runner's loop, which resumes the awaiting task. Resuming it
      // here would grow the stack wherever the compiler does not make it a tail
      // call, as in builds without optimisation.
      schedule(*self.promise().runner, self.promise().parent);
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  final_awaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept {
    error = std::current_exception();
    // Found out here, where it is cheap: rethrowing later would double the cost
    // of cancelling 100,000 workers at once.
    const auto* type = abi::__cxa_current_exception_type();
    was_cancelled = type != nullptr && *type == typeid(cancelled);
  }
  /// Lets only that be awaited which knows of the task's cancellation.
  template <class T>
  decltype(auto) await_transform(T&& x) const noexcept {
    static_assert(awaitable_in_task<T>,
                  "a worker's task can await tasks and what task_context and "
                  "when_all make, because it can be told to end there; wrap "
                  "any other work with task_context::from_callback");
    if constexpr (
      std::is_lvalue_reference_v<
        T> && std::derived_from<std::remove_reference_t<T>, awaitable>)
      return await_in_place<std::remove_reference_t<T>>{x};
    else
      return std::forward<T>(x);
  }
  void rethrow() const {
    if (error)
      std::rethrow_exception(error);
  }

  task_runner* runner = nullptr;
  std::coroutine_handle<> parent;
  std::exception_ptr error;
  /// Whether `error` is a `cancelled`.
  bool was_cancelled = false;
};

template <class T>
struct task_promise;

} // namespace detail

/// A coroutine that runs as a background worker or as a part of one: a task may
/// `co_await` another. It starts when it is awaited or when its worker starts,
/// and its frame is destroyed with this object.
///
/// ~~~
/// task_of<int> half(task_context ctx, int x) {
///   co_await ctx.sleep_for(1s);
///   co_return x / 2;
/// }
/// task pulse(task_context ctx) {
///   auto three = co_await half(ctx, 6);
/// }
/// ~~~
///
/// The parameters of a coroutine should be values: what a reference refers to
/// may be gone by the time the coroutine resumes. Not thread-safe.
///
/// A task runs once. To await one for the second time, or one that is empty,
/// throws `std::logic_error`: keep its result, or make a new task.
template <class T>
class [[nodiscard]] task_of {
public:
  using promise_type = detail::task_promise<T>;
  using handle_type = std::coroutine_handle<promise_type>;

  task_of() noexcept = default;
  explicit task_of(handle_type frame) noexcept : frame_(frame) {}
  task_of(task_of&& other) noexcept
    : frame_(std::exchange(other.frame_, nullptr)) {}
  task_of& operator=(task_of&& other) noexcept {
    if (this != &other) {
      reset();
      frame_ = std::exchange(other.frame_, nullptr);
    }
    return *this;
  }
  ~task_of() { reset(); }

  /// Whether there is a coroutine.
  explicit operator bool() const noexcept { return frame_ != nullptr; }

  /// Destroys the coroutine where it stands: its destructors run.
  void reset() noexcept {
    if (auto frame = std::exchange(frame_, nullptr))
      frame.destroy();
  }

  /// @private
  handle_type frame() const noexcept { return frame_; }

  class awaiter {
  public:
    explicit awaiter(handle_type frame) noexcept : frame_(frame) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    requires std::derived_from<Promise, detail::task_promise_base>
    void await_suspend(std::coroutine_handle<Promise> parent) const noexcept {
      auto& promise = frame_.promise();
      promise.runner = parent.promise().runner;
      promise.parent = parent;
      schedule(*promise.runner, frame_);
    }
    T await_resume() const { return frame_.promise().take(); }

  private:
    handle_type frame_;
  };

  awaiter operator co_await() && {
    if (frame_ == nullptr)
      throw std::logic_error("an empty task was awaited: it was moved from, or "
                             "never had a coroutine");
    if (frame_.promise().runner != nullptr)
      throw std::logic_error("a task was awaited twice: it runs once; keep its "
                             "result, or make a new task");
    return awaiter{frame_};
  }

private:
  handle_type frame_ = nullptr;
};

/// A task without a result.
using task = task_of<void>;

namespace detail {

template <class T>
struct task_promise : task_promise_base {
  task_of<T> get_return_object() noexcept {
    return task_of<T>{std::coroutine_handle<task_promise>::from_promise(*this)};
  }
  template <std::convertible_to<T> U>
  void return_value(U&& x) {
    value.emplace(std::forward<U>(x));
  }
  T take() {
    rethrow();
    return std::move(*value);
  }
  std::optional<T> value;
};

template <>
struct task_promise<void> : task_promise_base {
  task get_return_object() noexcept {
    return task{std::coroutine_handle<task_promise>::from_promise(*this)};
  }
  void return_void() const noexcept {}
  void take() const { rethrow(); }
};

} // namespace detail

} // namespace hololoom
