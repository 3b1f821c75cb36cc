#pragma once

#include <unistd.h>
#include <utility>

namespace hololoom::detail {

/// A file descriptor that closes itself.
class descriptor {
public:
  descriptor() = default;
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  descriptor(descriptor&& x) noexcept : fd_(std::exchange(x.fd_, -1)) {}
  descriptor& operator=(descriptor&& x) noexcept {
    std::swap(fd_, x.fd_);
    x.reset();
    return *this;
  }
  ~descriptor() { reset(); }

  void reset() noexcept {
    if (fd_ >= 0)
      ::close(std::exchange(fd_, -1));
  }
  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

private:
  int fd_ = -1;
};

} // namespace hololoom::detail
