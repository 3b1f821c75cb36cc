#include <hololoom/runtime/cli/terminal/streams.hpp>

#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace hololoom::cli {

interruptible_input::int_type interruptible_input::underflow() {
  if (gptr() < egptr())
    return traits_type::to_int_type(*gptr());
  for (;;) {
    std::array<pollfd, 2> fds{pollfd{fd_, POLLIN, 0},
                              pollfd{interrupt_fd_, POLLIN, 0}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR)
      continue;
    if (fds[1].revents != 0)
      return traits_type::eof();
    auto size = ::read(fd_, buffer_.data(), buffer_.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (size <= 0)
      return traits_type::eof();
    setg(buffer_.data(), buffer_.data(), buffer_.data() + size);
    return traits_type::to_int_type(*gptr());
  }
}

console_output::int_type console_output::overflow(int_type c) {
  if (!traits_type::eq_int_type(c, traits_type::eof()))
    pending_ += traits_type::to_char_type(c);
  return traits_type::not_eof(c);
}

std::streamsize console_output::xsputn(const char* text, std::streamsize size) {
  pending_.append(text, static_cast<std::size_t>(size));
  return size;
}

int console_output::sync() {
  out_.result(std::string_view{pending_});
  pending_.clear();
  return out_.out_is_gone() ? -1 : 0;
}

} // namespace hololoom::cli
