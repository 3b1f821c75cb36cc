#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/actors/supervision/supervisor_code.hpp>
#include <hololoom/actors/workers/awaiting_drain.hpp>
#include <hololoom/runtime/loom.hpp>
#include <hololoom/runtime/loom/loom_impl.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <string>

// How a worker or a shutdown hook waits for the report of its own loom, and a
// supervisor does not.

namespace hololoom {

namespace {

/// To be called before a thread waits for the report of `from`, which waits for
/// neither the worker nor the hook that the thread runs.
void excuse(const std::weak_ptr<detail::loom_impl>& from) {
  excuse_hook();
  if (auto impl = from.lock(); impl && awaiting_drain::inside_worker())
    impl->awaited_from_inside();
}

/// The report for code that must not wait.
shutdown_report refusal(const char* why) {
  shutdown_report result;
  result.flush.error =
    std::string{"the loom closes, but its report cannot be awaited here: "}
    + why;
  exits_with(result, exit_code::internal);
  return result;
}

const shutdown_report& no_thread_to_wait_on() {
  static const auto report =
    refusal("other workers wait for it on all but one of the threads that "
            "workers share; call close_async, and let the worker end");
  return report;
}

const shutdown_report& supervisor_would_wait() {
  static const auto report =
    refusal("a supervisor, which the closing waits for, would wait for it; in "
            "a factory, a probe or a destructor, call close_async and return");
  return report;
}

} // namespace

const shutdown_report& pending_report::get() const {
  auto there =
    report_.wait_for(std::chrono::seconds{0}) == std::future_status::ready;
  if (!there && supervisor_code::runs_here())
    return supervisor_would_wait();
  if (!there && awaiting_drain::on_shared_thread())
    if (auto impl = from_.lock(); impl && !impl->lend_thread())
      return no_thread_to_wait_on();
  excuse(from_);
  awaiting_drain mark;
  return report_.get();
}

std::future_status
pending_report::wait_for(std::chrono::milliseconds limit) const {
  if (supervisor_code::runs_here())
    return report_.wait_for(std::chrono::seconds{0});
  excuse(from_);
  awaiting_drain mark;
  return report_.wait_for(limit);
}

} // namespace hololoom
