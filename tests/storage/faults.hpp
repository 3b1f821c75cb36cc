#pragma once

#include <hololoom/actors/storage/disk.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace hololoom::test {

/// Fails from the Nth write or sync on, for a number of times.
class nth_fault : public disk_hooks {
public:
  enum class target { write, sync };

  nth_fault(target what, int first, int times, disk_fault fault)
    : what_(what), first_(first), times_(times), fault_(fault) {}

  disk_fault before_write(std::size_t) override {
    return what_ == target::write ? next() : disk_fault::none;
  }

  disk_fault before_sync() override {
    return what_ == target::sync ? next() : disk_fault::none;
  }

  bool fired() const { return seen_ >= first_; }

private:
  disk_fault next() {
    ++seen_;
    return seen_ >= first_ && seen_ < first_ + times_ ? fault_
                                                      : disk_fault::none;
  }

  target what_;
  int first_;
  int times_;
  disk_fault fault_;
  int seen_ = 0;
};

/// A disk that a test can slow down, stop and break while it is in use.
class moody_disk : public disk_hooks {
public:
  disk_fault before_write(std::size_t) override { return wait(); }
  disk_fault before_sync() override { return wait(); }

  void slow(std::chrono::milliseconds each) {
    std::lock_guard guard{mutex_};
    delay_ = each;
  }

  void hang(bool x) {
    std::lock_guard guard{mutex_};
    hanging_ = x;
    changed_.notify_all();
  }

  void fail(disk_fault x) {
    std::lock_guard guard{mutex_};
    fault_ = x;
  }

private:
  disk_fault wait() {
    std::unique_lock guard{mutex_};
    changed_.wait(guard, [this] { return !hanging_; });
    auto delay = delay_;
    auto fault = fault_;
    guard.unlock();
    if (delay.count() > 0)
      std::this_thread::sleep_for(delay);
    return fault;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::chrono::milliseconds delay_{0};
  bool hanging_ = false;
  disk_fault fault_ = disk_fault::none;
};

} // namespace hololoom::test
