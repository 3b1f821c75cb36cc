// expected: nodiscard
#include <hololoom/runtime/finish.hpp>
#include <hololoom/runtime/loom.hpp>

using namespace hololoom;

void start(loom& in, background work) {
#ifdef WRONG
  in.spawn_background(work);
#endif
  if (auto started = in.spawn_background(work); !started)
    finish(started.error());
}
