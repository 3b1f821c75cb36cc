#include <hololoom/runtime/loom/opening.hpp>

#include <utility>

namespace hololoom::detail {

void opening::progressed(const start_progress& x) {
  lock_guard guard{mutex_};
  news_ = x;
  changed_.notify_all();
}

void opening::finish(caf::error result) {
  lock_guard guard{mutex_};
  if (!result_)
    result_ = std::move(result);
  changed_.notify_all();
}

std::optional<caf::error> opening::wait(const start_progress_sink& tell,
                                        const std::stop_token& stop) {
  std::stop_callback on_stop{stop, [this] {
                               lock_guard guard{mutex_};
                               stopped_ = true;
                               changed_.notify_all();
                             }};
  unique_lock guard{mutex_};
  for (;;) {
    while (!result_ && !stopped_ && !news_)
      changed_.wait(guard);
    if (stopped_)
      return std::nullopt;
    if (result_)
      return *result_;
    auto news = std::exchange(news_, std::nullopt);
    guard.unlock();
    try {
      if (tell)
        tell(*news);
    } catch (...) {
      // Whether it is told or not, the start goes on.
    }
    guard.lock();
  }
}

} // namespace hololoom::detail
