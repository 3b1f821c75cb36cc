#pragma once

#include <hololoom/actors/supervision/child_spec.hpp>
#include <hololoom/messages/caf/local_message.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace hololoom::detail {

/// Sent to the owner of a `thread_run` when its function has returned.
struct thread_done {
  /// What it threw, if it did.
  caf::error reason;
};

/// One call of a function on a thread of its own, for an actor. The thread is
/// never joined: when the function does not return, the owner forgets it, and
/// it goes on with what it owns itself, far from CAF. Thread-safe.
class thread_run : public std::enable_shared_from_this<thread_run> {
public:
  /// Starts the thread. `kind` names the function in errors.
  /// @throws std::system_error when there is no thread to be had.
  static std::shared_ptr<thread_run>
  start(caf::strong_actor_ptr owner, const char* kind,
        std::function<void(std::stop_token)> body);

  void request_stop() { stop_.request_stop(); }

  /// The owner wants to hear no more: from now on the thread touches neither
  /// the owner nor its actor system.
  void forget_owner();

  bool running() const;

  /// What the function is doing, while it runs.
  std::optional<work_note> note() const;

  /// Says what the function is doing.
  void set_doing(std::string what);

  /// Whether the function waits for the end of the tree that it runs in.
  bool awaits_drain() const { return awaits_drain_; }

  /// The run that the calling thread belongs to, or null.
  static thread_run* current() noexcept;

private:
  thread_run(caf::strong_actor_ptr owner, const char* kind);
  void run(std::function<void(std::stop_token)> body);

  const char* kind_;
  std::stop_source stop_;
  std::atomic<bool> awaits_drain_{false};
  mutable std::mutex mutex_;
  caf::strong_actor_ptr owner_;
  bool running_ = true;
  work_note note_;
};

/// The latest run of an actor. The actor alone starts runs; anybody may look,
/// for as long as the slot lives.
class thread_slot {
public:
  void start(caf::actor_control_block* owner, const char* kind,
             std::function<void(std::stop_token)> body);

  void request_stop();

  /// Asks the function to return and hears no more of it.
  void let_go();

  bool running() const;
  bool awaits_drain() const;
  std::optional<work_note> note() const;

private:
  std::shared_ptr<thread_run> get() const;

  mutable std::mutex mutex_;
  std::shared_ptr<thread_run> run_;
};

} // namespace hololoom::detail

HOLOLOOM_LOCAL_MESSAGE(1605, hololoom::detail::thread_done)
