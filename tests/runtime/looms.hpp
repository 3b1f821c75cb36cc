#pragma once

#include <hololoom/runtime/loom.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// Looms in the tests' own process, and what happens in them.

namespace hololoom::test {

inline config config_in(const std::filesystem::path& folder) {
  auto result = config::fast();
  result.data_dir = folder.string();
  return result;
}

/// A loom in memory, unless `cfg` says otherwise.
inline loom open(config cfg = config::fast()) {
  auto result = loom::open(std::move(cfg));
  if (!result)
    throw std::runtime_error{explain(result.error())};
  return std::move(*result);
}

inline loom open_in(const std::filesystem::path& folder) {
  return open(config_in(folder));
}

/// Collects the lifecycle events of a loom and waits for some.
class event_watch {
public:
  explicit event_watch(loom& of)
    : loom_(of), ticket_(of.subscribe([this](const lifecycle_event& x) {
        std::lock_guard guard{mutex_};
        events_.push_back(x);
        changed_.notify_all();
      })) {}
  event_watch(const event_watch&) = delete;
  event_watch& operator=(const event_watch&) = delete;
  ~event_watch() { loom_.unsubscribe(ticket_); }

  /// Waits until the path had `count` such events; of that incarnation, if it
  /// is not 0.
  bool wait_for(const std::string& path, transition what,
                std::int64_t incarnation = 0, std::ptrdiff_t count = 1) {
    std::unique_lock guard{mutex_};
    return changed_.wait_for(guard, std::chrono::seconds{20}, [&] {
      return count_of(path, what, incarnation) >= count;
    });
  }

  std::ptrdiff_t count(const std::string& path, transition what) {
    std::lock_guard guard{mutex_};
    return count_of(path, what, 0);
  }

private:
  std::ptrdiff_t count_of(const std::string& path, transition what,
                          std::int64_t incarnation) const {
    return std::count_if(events_.begin(), events_.end(), [&](const auto& x) {
      return x.path == path && x.what == what
          && (incarnation == 0 || x.incarnation == incarnation);
    });
  }

  loom& loom_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<lifecycle_event> events_;
  std::uint64_t ticket_;
};

inline task sleep_for_ever(task_context ctx) {
  for (;;)
    co_await ctx.sleep_for(std::chrono::hours{1});
}

} // namespace hololoom::test
