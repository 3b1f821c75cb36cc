#pragma once

#include <hololoom/runtime/cli/terminal/console.hpp>

#include <array>
#include <streambuf>
#include <string>

/// The standard streams as `std::streambuf`s that a signal can interrupt.

namespace hololoom::cli {

/// Reads a descriptor; ends, as if its input had ended, once `interrupt_fd` can
/// be read.
class interruptible_input : public std::streambuf {
public:
  interruptible_input(int fd, int interrupt_fd)
    : fd_(fd), interrupt_fd_(interrupt_fd) {}

protected:
  int_type underflow() override;

private:
  int fd_;
  int interrupt_fd_;
  std::array<char, 65536> buffer_{};
};

/// Writes whole flushes to the console's standard output.
class console_output : public std::streambuf {
public:
  explicit console_output(console& out) : out_(out) {}

protected:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

private:
  console& out_;
  std::string pending_;
};

} // namespace hololoom::cli
