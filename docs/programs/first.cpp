#include <hololoom/hololoom.hpp>

int main() {
  hololoom::signal_watch signals;
  auto loom = hololoom::loom::open(hololoom::config::fast());
  if (!loom)
    hololoom::finish(loom.error());
  hololoom::finish(loom->run_until(signals));
}
