#include <hololoom/actors/workers/awaiting_drain.hpp>

#include <utility>

namespace hololoom {

namespace {

thread_local std::atomic<bool>* this_worker = nullptr;
thread_local bool shared_thread = false;

} // namespace

awaiting_drain::awaiting_drain() : flag_(this_worker) {
  if (flag_)
    *flag_ = true;
}

awaiting_drain::~awaiting_drain() {
  if (flag_)
    *flag_ = false;
}

bool awaiting_drain::inside_worker() noexcept {
  return this_worker != nullptr;
}

bool awaiting_drain::on_shared_thread() noexcept {
  return shared_thread;
}

detail::worker_code::worker_code(std::atomic<bool>& flag, bool on_shared_thread)
  : outer_(std::exchange(this_worker, &flag)),
    outer_is_shared_(std::exchange(shared_thread, on_shared_thread)) {}

detail::worker_code::~worker_code() {
  this_worker = outer_;
  shared_thread = outer_is_shared_;
}

} // namespace hololoom
