#include <hololoom/actors/workers/awaiting_drain.hpp>

#include <utility>

namespace hololoom {

namespace {

thread_local std::atomic<bool>* this_worker = nullptr;

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

detail::worker_code::worker_code(std::atomic<bool>& flag)
  : outer_(std::exchange(this_worker, &flag)) {}

detail::worker_code::~worker_code() {
  this_worker = outer_;
}

} // namespace hololoom
