#include <hololoom/runtime/standard_streams.hpp>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace hololoom {

void hold_standard_streams() {
  // Standard output is opened for reading: a result that is lost is an error.
  constexpr std::array how{O_RDONLY, O_RDONLY, O_WRONLY};
  for (int stream = 0; stream <= STDERR_FILENO; ++stream) {
    if (::fcntl(stream, F_GETFD) >= 0 || errno != EBADF)
      continue;
    auto fd = ::open("/dev/null", how[static_cast<std::size_t>(stream)]);
    // Without /dev/null, a path that can be neither read nor written.
    if (fd < 0)
      fd = ::open("/", O_PATH);
    // Another thread was quicker to take the number.
    if (fd > stream)
      ::close(fd);
  }
}

} // namespace hololoom
