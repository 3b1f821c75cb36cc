#include <hololoom/runtime/write_all.hpp>

#include <climits>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <poll.h>
#include <unistd.h>

namespace hololoom {

int write_all(int fd, std::string_view& text, const write_patience& patience) {
  constexpr std::chrono::milliseconds slice{50};
  std::chrono::milliseconds idle{0};
  while (!text.empty()) {
    auto waits = patience(idle);
    pollfd ready{fd, POLLOUT, 0};
    auto found = ::poll(&ready, 1, waits ? static_cast<int>(slice.count()) : 0);
    if (found < 0 && errno == EINTR)
      continue;
    if (found == 0) {
      if (!waits)
        return ETIMEDOUT;
      idle += slice;
      continue;
    }
    // A pipe that can be written to takes this much at once.
    auto size =
      ::write(fd, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (size < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (size < 0)
      return errno;
    idle = {};
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return 0;
}

} // namespace hololoom
