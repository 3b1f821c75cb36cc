#include <hololoom/actors/workers/process/process_watcher.hpp>
#include <hololoom/messages/errc.hpp>

#include <cerrno>
#include <csignal>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace hololoom::detail {

namespace {

/// Blocks all signals for the calling thread, and so for the threads it starts:
/// other threads handle them.
class signals_blocked {
public:
  signals_blocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
  sigset_t before_;
};

/// The key of the wake-up; those of processes have 4 * id + slot, id > 0.
constexpr std::uint64_t wake_key = 0;

} // namespace

process_watcher& process_watcher::instance() {
  // Never destroyed: its thread may outlive `main`.
  static auto* watcher = new process_watcher;
  return *watcher;
}

void process_watcher::start(std::shared_ptr<child_process> process) {
  lock_guard guard{mutex_};
  ensure_thread();
  new_.push_back(std::move(process));
  eventfd_write(wake_.get(), 1);
}

void process_watcher::poke() {
  lock_guard guard{mutex_};
  if (running_)
    eventfd_write(wake_.get(), 1);
}

void process_watcher::ensure_thread() {
  if (running_)
    return;
  auto check = [](const descriptor& x) {
    if (!x)
      throw std::system_error{errno, std::generic_category(),
                              "cannot watch processes"};
  };
  epoll_ = descriptor{epoll_create1(EPOLL_CLOEXEC)};
  check(epoll_);
  wake_ = descriptor{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  check(wake_);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = wake_key;
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event);
  signals_blocked guard;
  std::thread([this] { run(); }).detach();
  running_ = true;
}

void process_watcher::run() {
  epoll_event events[64];
  for (;;) {
    auto n = epoll_wait(epoll_.get(), events, 64, -1);
    for (int i = 0; i < n; ++i) {
      if (auto key = events[i].data.u64; key != wake_key) {
        handle(key);
        continue;
      }
      eventfd_t count = 0;
      eventfd_read(wake_.get(), &count);
      take_new();
      for (auto& [id, x] : entries_)
        update(id, x);
    }
    lock_guard guard{mutex_};
    if (entries_.empty() && new_.empty()) {
      epoll_.reset();
      wake_.reset();
      running_ = false;
      return;
    }
  }
}

void process_watcher::take_new() {
  std::vector<std::shared_ptr<child_process>> fresh;
  {
    lock_guard guard{mutex_};
    fresh.swap(new_);
  }
  for (auto& x : fresh)
    begin(std::move(x));
}

void process_watcher::begin(std::shared_ptr<child_process> process) {
  if (auto reason = process->start()) {
    process->fail(std::move(reason));
    return;
  }
  auto id = ++last_id_;
  auto& x = entries_[id];
  x.process = std::move(process);
  update(id, x);
}

void process_watcher::handle(std::uint64_t key) {
  auto id = key / 4;
  auto slot = static_cast<int>(key % 4);
  auto i = entries_.find(id);
  if (i == entries_.end())
    return; // ended earlier in this round
  auto& x = i->second;
  // A descriptor leaves the set before it is closed, because another thread may
  // get the same number at once.
  if (slot == 0) {
    for (int s : {0, 1, 2})
      watch(id, x, s, -1);
    if (x.process->reap())
      entries_.erase(i);
    else
      update(id, x);
    return;
  }
  if (!x.process->read(slot)) {
    watch(id, x, slot, -1);
    x.process->close(slot);
  }
  update(id, x);
}

void process_watcher::update(std::uint64_t id, entry& x) {
  auto& process = *x.process;
  auto open = !process.congested();
  watch(id, x, 0, process.pidfd().get());
  for (int stream : {1, 2})
    watch(id, x, stream, open ? process.pipe(stream).get() : -1);
}

void process_watcher::watch(std::uint64_t id, entry& x, int slot, int fd) {
  auto& watched = x.watched[slot];
  if (watched == fd)
    return;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = id * 4 + static_cast<std::uint64_t>(slot);
  if (watched >= 0)
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, watched, &event);
  if (fd >= 0)
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  watched = fd;
}

} // namespace hololoom::detail
