#pragma once

#include <hololoom/runtime/loom.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

/// Looms in the tests' own process, and what happens in them.

namespace hololoom::test {

config config_in(const std::filesystem::path& folder);

/// A loom in memory, unless `cfg` says otherwise.
loom open(config cfg = config::fast());

loom open_in(const std::filesystem::path& folder);

/// Kills the actor that runs as the child at `path` now.
void kill_incarnation(const loom& of, std::string_view path);

/// Collects the lifecycle events of a loom and waits for some.
class event_watch {
public:
  explicit event_watch(loom& of);
  event_watch(const event_watch&) = delete;
  event_watch& operator=(const event_watch&) = delete;
  ~event_watch();

  /// Waits until the path had `count` such events; of that incarnation, if it
  /// is not 0.
  bool wait_for(const std::string& path, transition what,
                std::int64_t incarnation = 0, std::ptrdiff_t count = 1);

  /// Waits until `holds` answers true, and asks it after each event.
  /// @returns whether it has, within 20 s.
  bool wait_until(const std::function<bool()>& holds);

  std::ptrdiff_t count(const std::string& path, transition what);

private:
  std::ptrdiff_t count_of(const std::string& path, transition what,
                          std::int64_t incarnation) const;

  loom& loom_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<lifecycle_event> events_;
  std::uint64_t ticket_;
};

task sleep_for_ever(task_context ctx);

} // namespace hololoom::test
