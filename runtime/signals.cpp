#include <hololoom/runtime/signals.hpp>
#include <hololoom/runtime/standard_streams.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace hololoom {

namespace {

/// A blocked signal is queued even if it is ignored, and would be read.
bool ignored(int signal) {
  struct sigaction current {};
  return ::sigaction(signal, nullptr, &current) == 0
      && current.sa_handler == SIG_IGN;
}

} // namespace

signal_watch::signal_watch() {
  hold_standard_streams();
  sigset_t set;
  sigemptyset(&set);
  for (auto signal : {SIGINT, SIGTERM, SIGHUP})
    if (!ignored(signal))
      sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals_ >= 0)
    wake_ = ::eventfd(0, EFD_CLOEXEC);
  if (wake_ < 0) {
    auto reason = errno;
    ::close(signals_);
    throw std::system_error{reason, std::generic_category(),
                            "cannot watch signals"};
  }
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
  if (thread_.joinable())
    throw std::logic_error{"signal_watch: it was started before"};
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

std::string signal_name(int signal) {
  const auto* name = sigabbrev_np(signal);
  return name == nullptr ? std::to_string(signal) : std::string{"SIG"} + name;
}

} // namespace hololoom
