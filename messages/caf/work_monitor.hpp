#pragma once

#include <caf/type_erased_tuple.hpp>
#include <caf/type_nr.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cxxabi.h>
#include <memory>
#include <optional>
#include <string>
#include <typeinfo>

namespace hololoom {

/// Shows to other threads which message an actor handles, and since when.
/// Costs the actor a read of the clock and four stores per message.
class work_monitor {
public:
  using clock = std::chrono::steady_clock;

  struct note {
    std::string message; ///< The type of the message.
    clock::time_point since;
  };

  virtual ~work_monitor() = default;

  /// The message being handled; none while the actor waits. Thread-safe.
  std::optional<note> current() const {
    auto since = since_.load(std::memory_order_acquire);
    if (since == 0)
      return std::nullopt;
    return note{message_name(), clock::time_point{clock::duration{since}}};
  }

protected:
  /// Marks the time during which a message is handled.
  class handling {
  public:
    handling(work_monitor& owner, const caf::type_erased_tuple& message)
      : owner_(owner) {
      if (message.size() > 0) {
        auto [number, info] = message.type(0);
        owner.number_.store(number, std::memory_order_relaxed);
        owner.info_.store(info, std::memory_order_relaxed);
      }
      owner.since_.store(clock::now().time_since_epoch().count(),
                         std::memory_order_release);
    }
    ~handling() { owner_.since_.store(0, std::memory_order_release); }
    handling(const handling&) = delete;
    handling& operator=(const handling&) = delete;

  private:
    work_monitor& owner_;
  };

private:
  std::string message_name() const {
    if (auto number = number_.load(std::memory_order_relaxed))
      return caf::numbered_type_names[number - 1];
    auto info = info_.load(std::memory_order_relaxed);
    if (!info)
      return "a message";
    auto status = 0;
    std::unique_ptr<char, decltype(&std::free)> name{
      abi::__cxa_demangle(info->name(), nullptr, nullptr, &status), &std::free};
    return name ? name.get() : info->name();
  }

  std::atomic<std::uint16_t> number_{0};
  std::atomic<const std::type_info*> info_{nullptr};
  std::atomic<clock::rep> since_{0};
};

} // namespace hololoom
