#pragma once

#include "reflection/running_buffer.hpp"

#include <hololoom/actors/reflection/transfer/import_pipeline.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

/// Clients of a buffer, and their view of it.

namespace hololoom::test {

/// Sends requests without waiting for answers, and counts the answers.
class many {
public:
  explicit many(running_buffer& buffer)
    : pipeline_(buffer.system(), buffer.lookup(), 100'000,
                std::chrono::milliseconds{0}) {}

  void ask(int n) {
    for (auto i = 0; i < n; ++i)
      pipeline_.store(reflection("Many?", "answer", .5),
                      [this](const caf::expected<reflect_ack>& x) {
                        if (x)
                          ++stored;
                        else if (is(x.error(), errc::overloaded))
                          ++overloaded;
                        else
                          ++failed;
                      });
  }

  void drain() { pipeline_.drain(); }

  std::atomic<int> stored{0};
  std::atomic<int> overloaded{0};
  std::atomic<int> failed{0};

private:
  import_pipeline pipeline_;
};

/// Polls until the condition holds, for at most some seconds.
template <class F>
bool eventually(F f) {
  for (auto i = 0; i < 500; ++i) {
    if (f())
      return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return false;
}

/// Waits until `n` writes wait for the disk.
inline bool queued(running_buffer& buffer, std::int64_t n) {
  return eventually([&] {
    return buffer.ask<reflection_status>(reflection_status_query{})->queued
        == n;
  });
}

inline bool degraded(running_buffer& buffer) {
  return buffer.ask<reflection_status>(reflection_status_query{})->degraded;
}

} // namespace hololoom::test
