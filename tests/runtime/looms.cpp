#include "runtime/looms.hpp"

#include <hololoom/messages/caf/exit.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace hololoom::test {

config config_in(const std::filesystem::path& folder) {
  auto result = config::fast();
  result.data_dir = folder.string();
  return result;
}

loom open(config cfg) {
  auto result = loom::open(std::move(cfg));
  if (!result)
    throw std::runtime_error{explain(result.error())};
  return std::move(*result);
}

loom open_in(const std::filesystem::path& folder) {
  return open(config_in(folder));
}

void kill_incarnation(const loom& of, std::string_view path) {
  exit_high(of.names()->find(path), caf::exit_reason::kill);
}

event_watch::event_watch(loom& of)
  : loom_(of), ticket_(of.subscribe([this](const lifecycle_event& x) {
      std::lock_guard guard{mutex_};
      events_.push_back(x);
      changed_.notify_all();
    })) {}

event_watch::~event_watch() {
  loom_.unsubscribe(ticket_);
}

bool event_watch::wait_for(const std::string& path, transition what,
                           std::int64_t incarnation, std::ptrdiff_t count) {
  std::unique_lock guard{mutex_};
  return changed_.wait_for(guard, std::chrono::seconds{20}, [&] {
    return count_of(path, what, incarnation) >= count;
  });
}

bool event_watch::wait_until(const std::function<bool()>& holds) {
  std::unique_lock guard{mutex_};
  return changed_.wait_for(guard, std::chrono::seconds{20}, holds);
}

std::ptrdiff_t event_watch::count(const std::string& path, transition what) {
  std::lock_guard guard{mutex_};
  return count_of(path, what, 0);
}

std::ptrdiff_t event_watch::count_of(const std::string& path, transition what,
                                     std::int64_t incarnation) const {
  return std::count_if(events_.begin(), events_.end(), [&](const auto& x) {
    return x.path == path && x.what == what
        && (incarnation == 0 || x.incarnation == incarnation);
  });
}

// Not inline: clang 14 cannot compile a coroutine that several sources may
// define under AddressSanitizer ("difference across sections").
task sleep_for_ever(task_context ctx) {
  for (;;)
    co_await ctx.sleep_for(std::chrono::hours{1});
}

} // namespace hololoom::test
