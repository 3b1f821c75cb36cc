#include <hololoom/runtime/signals.hpp>

#include <array>
#include <csignal>
#include <cstdint>
#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <utility>

namespace hololoom {

signal_watch::signal_watch() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  wake_ = ::eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || wake_ < 0)
    throw std::runtime_error{"cannot watch signals: no file descriptor left"};
}

signal_watch::~signal_watch() {
  if (thread_.joinable()) {
    std::uint64_t one = 1;
    std::ignore = ::write(wake_, &one, sizeof(one));
    thread_.join();
  }
  ::close(signals_);
  ::close(wake_);
}

void signal_watch::start(handler on_signal) {
  thread_ = std::thread{[this, on_signal = std::move(on_signal)] {
    std::array<pollfd, 2> fds{pollfd{signals_, POLLIN, 0},
                              pollfd{wake_, POLLIN, 0}};
    for (int count = 0;;) {
      if (::poll(fds.data(), fds.size(), -1) < 0)
        continue;
      signalfd_siginfo info{};
      while (::read(signals_, &info, sizeof(info)) == sizeof(info))
        try {
          on_signal(static_cast<int>(info.ssi_signo), ++count);
        } catch (...) {
          // A defect of the handler's; the next signal still gets through.
        }
      if (fds[1].revents != 0)
        return;
    }
  }};
}

} // namespace hololoom
