// A program under test: a loom that logs much, to a standard error that takes
// nothing. One of its workers crashes once. Prints "ready" once that one is
// back, and its report when it was told to end.
//
//   noisy_program blocked    standard error is a full pipe that nobody reads
//   noisy_program full       it is /dev/full
//   noisy_program file       it is sound, and the log goes to /dev/full

#include <hololoom/messages/json/write.hpp>
#include <hololoom/runtime/loom.hpp>
#include <hololoom/runtime/signals.hpp>

#include <array>
#include <atomic>
#include <cstdio>
#include <fcntl.h>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <unistd.h>

using hololoom::background;

namespace {

bool block_standard_error() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0)
    return false;
  ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
  const std::string page(4096, '.');
  while (::write(ends[1], page.data(), page.size()) > 0)
    continue;
  ::fcntl(ends[1], F_SETFL, 0);
  return ::dup2(ends[1], STDERR_FILENO) == STDERR_FILENO;
}

bool fill_standard_error() {
  return ::dup2(::open("/dev/full", O_WRONLY), STDERR_FILENO) == STDERR_FILENO;
}

/// More lines of the log than any pipe holds.
void make_noise(hololoom::loom& loom) {
  const std::string long_name(500, 'x');
  for (auto i = 0; i < 200; ++i)
    std::ignore = loom.spawn_background(background::coroutine(
      long_name + std::to_string(i),
      [](hololoom::task_context) -> hololoom::task { co_return; }));
}

/// @returns what is fulfilled once the worker was restarted.
std::future<void> crash_once(hololoom::loom& loom) {
  auto back = std::make_shared<std::promise<void>>();
  auto result = back->get_future();
  auto first = std::make_shared<std::atomic<bool>>(true);
  std::ignore = loom.spawn_background(
    background::blocking("crashing", [back, first](const std::stop_token&) {
      if (first->exchange(false))
        throw 42;
      back->set_value();
    }).restart(hololoom::restart_type::transient));
  return result;
}

int run(std::string_view mode) {
  hololoom::signal_watch signals;
  std::promise<void> asked;
  signals.start([&](int, int count) {
    if (count == 1)
      asked.set_value();
    throw 42; // Not the end of the process.
  });
  if ((mode == "blocked" && !block_standard_error())
      || (mode == "full" && !fill_standard_error()))
    return 1;
  auto cfg = hololoom::config::fast();
  cfg.log.level = "info";
  if (mode == "file")
    cfg.log.file = "/dev/full";
  auto loom = hololoom::loom::open(cfg);
  if (!loom)
    return 2;
  make_noise(*loom);
  crash_once(*loom).wait();
  std::puts("ready");
  std::fflush(stdout);
  asked.get_future().wait();
  auto report = loom->close("SIGTERM", "signal");
  std::puts(hololoom::json_text(report).c_str());
  return report.exit_code;
}

} // namespace

int main(int argc, char** argv) {
  auto code = run(argc > 1 ? argv[1] : "");
  std::fflush(stdout);
  return code;
}
