#pragma once

#include <condition_variable>
#include <mutex>
#include <shared_mutex>

/// Locks that name what they guard, in a form that Clang's thread safety
/// analysis checks (the lint build compiles with `-Wthread-safety`; every other
/// build sees plain standard locks). libstdc++'s own mutexes carry no
/// annotations, hence these thin wrappers.
/// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
///
/// ~~~
/// class counter {
///   void add() { lock_guard guard{mutex_}; ++value_; }
///   mutex mutex_;
///   int value_ HOLOLOOM_GUARDED_BY(mutex_) = 0;
/// };
/// ~~~

#if defined(__clang__)
#define HOLOLOOM_THREAD_SAFETY(x) __attribute__((x))
#else
#define HOLOLOOM_THREAD_SAFETY(x)
#endif

/// A member that may be touched only while `lock` is held.
#define HOLOLOOM_GUARDED_BY(lock) HOLOLOOM_THREAD_SAFETY(guarded_by(lock))
/// A function that may be called only while the locks are held.
#define HOLOLOOM_REQUIRES(...)                                                 \
  HOLOLOOM_THREAD_SAFETY(requires_capability(__VA_ARGS__))
/// A function that must not be called while the locks are held.
#define HOLOLOOM_EXCLUDES(...)                                                 \
  HOLOLOOM_THREAD_SAFETY(locks_excluded(__VA_ARGS__))
/// A function the analysis cannot follow; a comment says why it is right.
#define HOLOLOOM_UNCHECKED_LOCKING                                             \
  HOLOLOOM_THREAD_SAFETY(no_thread_safety_analysis)

namespace hololoom {

/// `std::mutex`.
class HOLOLOOM_THREAD_SAFETY(capability("mutex")) mutex {
public:
  void lock() HOLOLOOM_THREAD_SAFETY(acquire_capability()) { impl_.lock(); }
  void unlock() HOLOLOOM_THREAD_SAFETY(release_capability()) { impl_.unlock(); }

private:
  friend class unique_lock;
  std::mutex impl_;
};

/// `std::lock_guard<std::mutex>`.
class HOLOLOOM_THREAD_SAFETY(scoped_lockable) lock_guard {
public:
  explicit lock_guard(mutex& m) HOLOLOOM_THREAD_SAFETY(acquire_capability(m))
    : mutex_(m) {
    mutex_.lock();
  }
  ~lock_guard() HOLOLOOM_THREAD_SAFETY(release_capability()) {
    mutex_.unlock();
  }
  lock_guard(const lock_guard&) = delete;
  lock_guard& operator=(const lock_guard&) = delete;

private:
  mutex& mutex_;
};

/// `std::unique_lock<std::mutex>`, locked at first.
class HOLOLOOM_THREAD_SAFETY(scoped_lockable) unique_lock {
public:
  explicit unique_lock(mutex& m) HOLOLOOM_THREAD_SAFETY(acquire_capability(m))
    : impl_(m.impl_) {}
  // NOLINTNEXTLINE(modernize-use-equals-default): the attribute needs a body.
  ~unique_lock() HOLOLOOM_THREAD_SAFETY(release_capability()) {}
  unique_lock(const unique_lock&) = delete;
  unique_lock& operator=(const unique_lock&) = delete;
  void lock() HOLOLOOM_THREAD_SAFETY(acquire_capability()) { impl_.lock(); }
  void unlock() HOLOLOOM_THREAD_SAFETY(release_capability()) { impl_.unlock(); }

private:
  friend class condition;
  std::unique_lock<std::mutex> impl_;
};

/// `std::condition_variable`. Wait in a loop that tests the condition: a
/// predicate would be a lambda, into which the analysis cannot see.
class condition {
public:
  void wait(unique_lock& lock) { impl_.wait(lock.impl_); }
  template <class Duration>
  std::cv_status wait_for(unique_lock& lock, const Duration& limit) {
    return impl_.wait_for(lock.impl_, limit);
  }
  template <class Time>
  std::cv_status wait_until(unique_lock& lock, const Time& deadline) {
    return impl_.wait_until(lock.impl_, deadline);
  }
  void notify_one() noexcept { impl_.notify_one(); }
  void notify_all() noexcept { impl_.notify_all(); }

private:
  std::condition_variable impl_;
};

/// `std::shared_mutex`.
class HOLOLOOM_THREAD_SAFETY(capability("shared_mutex")) shared_mutex {
public:
  void lock() HOLOLOOM_THREAD_SAFETY(acquire_capability()) { impl_.lock(); }
  void unlock() HOLOLOOM_THREAD_SAFETY(release_capability()) { impl_.unlock(); }
  void lock_shared() HOLOLOOM_THREAD_SAFETY(acquire_shared_capability()) {
    impl_.lock_shared();
  }
  void unlock_shared() HOLOLOOM_THREAD_SAFETY(release_shared_capability()) {
    impl_.unlock_shared();
  }

private:
  std::shared_mutex impl_;
};

/// Holds a `shared_mutex` for writing.
class HOLOLOOM_THREAD_SAFETY(scoped_lockable) write_guard {
public:
  explicit write_guard(shared_mutex& m)
    HOLOLOOM_THREAD_SAFETY(acquire_capability(m))
    : mutex_(m) {
    mutex_.lock();
  }
  ~write_guard() HOLOLOOM_THREAD_SAFETY(release_capability()) {
    mutex_.unlock();
  }
  write_guard(const write_guard&) = delete;
  write_guard& operator=(const write_guard&) = delete;

private:
  shared_mutex& mutex_;
};

/// Holds a `shared_mutex` for reading, beside other readers.
class HOLOLOOM_THREAD_SAFETY(scoped_lockable) read_guard {
public:
  explicit read_guard(shared_mutex& m)
    HOLOLOOM_THREAD_SAFETY(acquire_shared_capability(m))
    : mutex_(m) {
    mutex_.lock_shared();
  }
  ~read_guard() HOLOLOOM_THREAD_SAFETY(release_capability()) {
    mutex_.unlock_shared();
  }
  read_guard(const read_guard&) = delete;
  read_guard& operator=(const read_guard&) = delete;

private:
  shared_mutex& mutex_;
};

} // namespace hololoom
