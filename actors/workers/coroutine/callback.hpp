#pragma once

#include <hololoom/actors/workers/coroutine/awaiters.hpp>
#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/sync.hpp>

#include <caf/actor_addr.hpp>
#include <caf/expected.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace hololoom {

namespace detail {

/// Wakes the worker from its wait `op`. Thread-safe; one that is gone is
/// ignored.
void wake_from_outside(const caf::actor_addr& worker, std::uint64_t op);

/// The result of work outside, shared by the task that waits for it and by who
/// does it.
template <class T>
class outside_result {
public:
  outside_result(caf::actor_addr worker, std::uint64_t op)
    : worker_(std::move(worker)), op_(op) {}

  /// Only the first call counts.
  void set(caf::expected<T> x) {
    {
      lock_guard guard{mutex_};
      if (value_)
        return;
      value_ = std::move(x);
    }
    wake_from_outside(worker_, op_);
  }

  caf::expected<T> take() {
    lock_guard guard{mutex_};
    return std::move(*value_);
  }

private:
  caf::actor_addr worker_;
  std::uint64_t op_;
  mutex mutex_;
  std::optional<caf::expected<T>> value_ HOLOLOOM_GUARDED_BY(mutex_);
};

} // namespace detail

/// What `task_context::from_callback` gives to work that is done elsewhere. Any
/// thread may call it; only the first call counts. Copies are the same.
template <class T>
class callback {
public:
  /// @private
  explicit callback(std::shared_ptr<detail::outside_result<T>> to)
    : end_(std::make_shared<end>(std::move(to))) {}

  void operator()(caf::expected<T> result) const {
    end_->to->set(std::move(result));
  }

private:
  /// Destroyed with the last copy.
  struct end {
    explicit end(std::shared_ptr<detail::outside_result<T>> x)
      : to(std::move(x)) {}
    end(const end&) = delete;
    end& operator=(const end&) = delete;
    ~end() {
      to->set(failure(errc::cancelled,
                      "the work that this task waited for was given up: its "
                      "callback was destroyed without a call"));
    }
    std::shared_ptr<detail::outside_result<T>> to;
  };

  std::shared_ptr<end> end_;
};

namespace detail {

template <class T, class Begin>
class [[nodiscard]] callback_awaiter : public awaiter_base {
public:
  callback_awaiter(task_runner& runner, Begin begin)
    : awaiter_base(runner), begin_(std::move(begin)) {}

  void await_suspend(std::coroutine_handle<> h) {
    auto op = runner_->wait(h, "awaiting a callback");
    if (op == 0)
      return;
    result_ =
      std::make_shared<outside_result<T>>(runner_->self()->address(), op);
    try {
      begin_(callback<T>{result_});
    } catch (...) {
      // The callback is gone by now, which ends the wait.
      thrown_ = std::current_exception();
    }
  }
  caf::expected<T> await_resume() {
    runner_->check();
    if (thrown_)
      std::rethrow_exception(thrown_);
    return result_->take();
  }

private:
  Begin begin_;
  std::shared_ptr<outside_result<T>> result_;
  std::exception_ptr thrown_;
};

} // namespace detail

} // namespace hololoom
