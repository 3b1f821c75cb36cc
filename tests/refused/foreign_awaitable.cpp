// expected: wrap any other work with task_context::from_callback
#include <hololoom/actors/workers/coroutine/task_context.hpp>

using namespace hololoom;
using namespace std::chrono_literals;

task wait(task_context ctx) {
#ifdef WRONG
  co_await std::suspend_always{};
#endif
  co_await ctx.sleep_for(1s);
}
