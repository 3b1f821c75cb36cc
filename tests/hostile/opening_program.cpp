// opening_program DATA
//
// Opens a loom on DATA, whose disk hangs at its first write: then the program
// says "hangs". A signal stops the opening. The program says what open()
// answered, and exits with 75 if something did not end.

#include <hololoom/runtime/loom.hpp>
#include <hololoom/runtime/signals.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <stop_token>
#include <thread>
#include <unistd.h>
#include <utility>

using namespace hololoom;
using namespace std::chrono_literals;

namespace {

class hanging_disk final : public disk_hooks {
public:
  disk_fault before_write(std::size_t) override {
    std::puts("hangs");
    std::fflush(stdout);
    for (;;)
      std::this_thread::sleep_for(1h);
  }
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 2)
    return std::fprintf(stderr, "opening_program DATA\n"), 64;
  signal_watch signals;
  std::stop_source stop;
  signals.start([stop](int, int) mutable { stop.request_stop(); });
  auto cfg = config::bare();
  cfg.data_dir = argv[1];
  loom_extras extras;
  extras.disk = std::make_shared<hanging_disk>();
  extras.stop = stop.get_token();
  auto opened = loom::open(std::move(cfg), std::move(extras));
  if (opened)
    return 0;
  std::puts(explain(opened.error()).c_str());
  std::fflush(stdout);
  ::_exit(is(opened.error(), errc::stuck) ? 75 : 69);
}
