#pragma once

#include <atomic>

namespace hololoom {

/// Marks code that waits until the supervision tree has drained, such as code
/// that closes the loom it runs in. If the code belongs to a worker, the drain
/// tells that worker to end like all others but does not wait for it, since
/// each would wait for the other. On any other thread it has no effect.
class awaiting_drain {
public:
  awaiting_drain();
  ~awaiting_drain();
  awaiting_drain(const awaiting_drain&) = delete;
  awaiting_drain& operator=(const awaiting_drain&) = delete;

  /// Whether the calling thread runs the code of a worker.
  static bool inside_worker() noexcept;

  /// Whether it does so on a thread of the scheduler's, which others need.
  static bool on_shared_thread() noexcept;

private:
  std::atomic<bool>* flag_;
};

namespace detail {

/// For workers: while it lives, the calling thread, which may be one of the
/// scheduler's, runs the code of the worker whose probe answers `flag` as its
/// `awaits_drain`.
class worker_code {
public:
  worker_code(std::atomic<bool>& flag, bool on_shared_thread);
  ~worker_code();
  worker_code(const worker_code&) = delete;
  worker_code& operator=(const worker_code&) = delete;

private:
  std::atomic<bool>* outer_;
  bool outer_is_shared_;
};

} // namespace detail

} // namespace hololoom
