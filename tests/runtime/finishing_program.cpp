// A program under test: how a service ends. It has a static object whose
// destructor prints.
//
//   finishing_program error      finish(error): it did not get as far as a loom
//   finishing_program abandoned  finish(report): a worker never returns
//   finishing_program failed     run_until: the loom fails by itself
//   finishing_program stubborn   run_until: a worker that never returns, and a
//                                grace of ten minutes

#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/runtime/finish.hpp>
#include <hololoom/runtime/loom.hpp>
#include <hololoom/runtime/signals.hpp>

#include <chrono>
#include <cstdio>
#include <future>
#include <iostream>
#include <stop_token>
#include <string_view>
#include <thread>

using namespace hololoom;
using namespace std::chrono_literals;

namespace {

struct last_printer {
  ~last_printer() { std::puts("static objects are destroyed"); }
} printer;

/// Says "ready" when it runs, and "told to end" when it is, and goes on.
background stubborn() {
  return background::blocking("stubborn", [](const std::stop_token& stop) {
    std::cout << "ready" << std::endl;
    std::stop_callback tell{stop, [] {
                              std::cout << "told to end" << std::endl;
                            }};
    for (;;)
      std::this_thread::sleep_for(1h);
  });
}

/// Leaves a line in each of two buffers, which only `finish` flushes.
void print() {
  std::cout << "by iostreams\n";
  std::printf("by stdio\n");
}

[[noreturn]] void run(std::string_view mode) {
  signal_watch signals;
  if (mode == "error") {
    print();
    finish(failure(errc::data_dir_locked, "the directory is in use"));
  }
  auto cfg = config::fast();
  cfg.log.level = "off";
  cfg.shutdown.grace = mode == "abandoned" ? millis{50} : millis{600'000};
  auto loom = loom::open(cfg);
  if (!loom)
    finish(loom.error());
  if (mode == "failed") {
    exit_high(loom->root(), caf::exit_reason::kill);
    finish(loom->run_until(signals));
  }
  if (auto started = loom->spawn_background(stubborn()); !started)
    finish(started.error());
  if (mode == "abandoned") {
    auto report = loom->close("the end");
    print();
    finish(report);
  }
  finish(loom->run_until(signals));
}

} // namespace

int main(int argc, char** argv) {
  // Not line by line, as to a file.
  std::setvbuf(stdout, nullptr, _IOFBF, 4096);
  std::ios::sync_with_stdio(false);
  run(argc > 1 ? argv[1] : "");
}
