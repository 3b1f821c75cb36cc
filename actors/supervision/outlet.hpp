#pragma once

#include <hololoom/messages/sync.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

namespace hololoom {

/// Calls functions on a thread of its own, one after the other, in the order of
/// `post`. The caller of `post` never waits for a function, even if that writes
/// to a pipe without a reader. Exceptions are swallowed. Thread-safe.
///
/// Subscribers of lifecycle events and the log are behind outlets: no actor
/// waits for either.
///
/// A function that does not return costs its thread alone, which is left behind
/// with what the function refers to.
class outlet {
public:
  using function = std::function<void()>;
  using time_point = std::chrono::steady_clock::time_point;

  /// How many functions may wait; `post` refuses more.
  static constexpr std::size_t capacity = 65'536;

  /// Throws `std::system_error` if no thread can be had.
  outlet();

  /// Ends it, and waits for no function.
  ~outlet();

  outlet(const outlet&) = delete;
  outlet& operator=(const outlet&) = delete;

  /// @returns whether `f` will be called: not if too many wait, or it has
  ///          ended.
  bool post(function f);

  /// Waits until all that was posted has returned, until `due` at the latest.
  /// A function that calls `excuse_caller` is not waited for.
  /// @returns whether all has returned, but for that function.
  bool settle(time_point due);

  /// Calls no further function. Those that wait are lost.
  /// @returns whether none is running, but for one that was excused.
  bool end();

  /// Ends it, and returns once no function is running, except the one that
  /// calls this, or that waits here for the caller's own outlet.
  void finish();

  /// Functions that were posted, and refused or dropped.
  std::int64_t lost() const;

  /// On an outlet's thread: the function that runs there is about to wait for
  /// code that waits for the outlet to settle. Elsewhere it has no effect.
  static void excuse_caller();

private:
  struct state;

  std::shared_ptr<state> state_;
  std::thread thread_;
};

} // namespace hololoom
