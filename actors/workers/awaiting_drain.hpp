#pragma once

#include <atomic>

namespace hololoom {

/// Marks a stretch of code that waits until the tree is drained, as code does
/// that closes what it runs in. If it belongs to a worker, the drain asks that
/// worker to end like all others, and does not wait for it: each would wait for
/// the other. Anywhere else it does nothing.
class awaiting_drain {
public:
  awaiting_drain();
  ~awaiting_drain();
  awaiting_drain(const awaiting_drain&) = delete;
  awaiting_drain& operator=(const awaiting_drain&) = delete;

  /// Whether the calling thread runs the code of a worker.
  bool inside_worker() const noexcept { return flag_ != nullptr; }

private:
  std::atomic<bool>* flag_;
};

namespace detail {

/// For workers: while it lives, the calling thread runs the code of the worker
/// that shows `flag` as its probe's `awaits_drain`.
class worker_code {
public:
  explicit worker_code(std::atomic<bool>& flag);
  ~worker_code();
  worker_code(const worker_code&) = delete;
  worker_code& operator=(const worker_code&) = delete;

private:
  std::atomic<bool>* outer_;
};

} // namespace detail

} // namespace hololoom
