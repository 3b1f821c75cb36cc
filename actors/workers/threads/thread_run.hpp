#pragma once

#include <hololoom/actors/supervision/child_spec.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/sync.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace hololoom::detail {

/// Sent to the owner of a `thread_run` when its function has returned.
struct thread_done {
  /// The error if it threw.
  caf::error reason;
};

/// A function that runs on a thread of its own, for an actor, one call at a
/// time. The thread is never joined: if the function does not return, its owner
/// abandons it, and it goes on with its own captures and without CAF.
///
/// Only the owner starts calls; everything else is thread-safe.
class thread_run : public std::enable_shared_from_this<thread_run> {
public:
  /// Starts a thread that calls `body`. `kind` names the function in errors.
  /// @pre `!running()`
  /// @throws std::system_error if the thread cannot be created.
  void start(caf::strong_actor_ptr owner, const char* kind,
             std::function<void(std::stop_token)> body);

  void request_stop() { stop_.request_stop(); }

  /// Requests a stop, and sends no more messages to the owner: from now on the
  /// thread touches neither the owner nor its actor system.
  void abandon();

  bool running() const;

  /// What the function is doing; nothing while it does not run.
  std::optional<work_note> note() const;

  /// Sets what the function is doing.
  void set_doing(std::string what);

  /// Whether the function waits for the drain of the tree that it runs in.
  bool awaits_drain() const { return awaits_drain_; }

  /// The run that the calling thread belongs to, or null.
  static thread_run* current() noexcept;

private:
  void run(const char* kind, std::function<void(std::stop_token)> body);

  std::stop_source stop_;
  std::atomic<bool> awaits_drain_{false};
  mutable mutex mutex_;
  caf::strong_actor_ptr owner_ HOLOLOOM_GUARDED_BY(mutex_);
  /// None while no function runs.
  std::optional<work_note> note_ HOLOLOOM_GUARDED_BY(mutex_);
};

} // namespace hololoom::detail

HOLOLOOM_LOCAL_MESSAGE(1605, hololoom::detail::thread_done)
