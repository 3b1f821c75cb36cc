#pragma once

#include "worker_fixture.hpp"

#include <caf/after.hpp>
#include <caf/scoped_actor.hpp>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>

namespace hololoom::test {

/// The threads of this process.
inline std::ptrdiff_t threads_here() {
  using iterator = std::filesystem::directory_iterator;
  return std::distance(iterator{"/proc/self/task"}, iterator{});
}

/// The open descriptors of this process.
inline std::ptrdiff_t descriptors_here() {
  using iterator = std::filesystem::directory_iterator;
  return std::distance(iterator{"/proc/self/fd"}, iterator{});
}

/// Whether this process has children, zombies included.
inline bool has_children() {
  siginfo_t info;
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0
      || errno != ECHILD;
}

/// Waits up to ten seconds until `condition` holds, for changes without an
/// event.
template <class F>
bool eventually(F condition) {
  auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return true;
}

/// Workers on real threads and in real time.
struct real_fixture {
  struct config : caf::actor_system_config {
    config() { register_types(*this); }
  };

  started_worker start(background work) {
    started_worker result;
    auto outcome = start_bare(system, std::move(work));
    if (!outcome.handle)
      throw std::runtime_error(explain(outcome.reason));
    result.handle = caf::actor_cast<caf::actor>(outcome.handle);
    result.probe = outcome.probe;
    return result;
  }

  /// Waits for the end of `x`, ten seconds at most.
  caf::error await_end(const started_worker& x) {
    caf::scoped_actor self{system};
    caf::error reason = errc::timed_out;
    self->monitor(x.handle);
    self->receive([&](caf::down_msg& down) { reason = down.reason; },
                  caf::after(std::chrono::seconds{10}) >> [] {});
    return reason;
  }

  config cfg;
  caf::actor_system system{cfg};
};

} // namespace hololoom::test
