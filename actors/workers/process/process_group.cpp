#include <hololoom/actors/workers/process/process_group.hpp>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace hololoom::detail {

namespace {

namespace fs = std::filesystem;

/// The number that a folder of /proc is named after; none for other names.
std::optional<pid_t> pid_of(const std::string& name) {
  pid_t result = 0;
  const auto* end = name.data() + name.size();
  auto [at, err] = std::from_chars(name.data(), end, result);
  if (err != std::errc{} || at != end)
    return std::nullopt;
  return result;
}

bool lives_in(pid_t group, const fs::path& process) {
  std::ifstream file{process / "stat"};
  std::string text;
  std::getline(file, text, '\0');
  // The name, in parentheses, may contain anything.
  auto name_end = text.rfind(')');
  char state = 0;
  pid_t its_group = 0;
  long threads = 0;
  if (name_end == std::string::npos
      || std::sscanf(text.c_str() + name_end + 1,
                     " %c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
                     "%*d %*d %*d %ld",
                     &state, &its_group, &threads)
           != 3)
    return false;
  // The first thread of a process may end before the others.
  auto ended = (state == 'Z' || state == 'X') && threads <= 1;
  return its_group == group && !ended;
}

} // namespace

descriptor survivor_of(pid_t group) {
  if (kill(-group, 0) != 0 && errno == ESRCH)
    return {};
  std::error_code err;
  for (fs::directory_iterator i{"/proc", err}, end; !err && i != end;
       i.increment(err)) {
    auto pid = pid_of(i->path().filename().string());
    if (!pid || !lives_in(group, i->path()))
      continue;
    descriptor result{static_cast<int>(syscall(SYS_pidfd_open, *pid, 0))};
    // It may have ended, and another process may have its number by now.
    if (result && lives_in(group, i->path()))
      return result;
  }
  return {};
}

} // namespace hololoom::detail
