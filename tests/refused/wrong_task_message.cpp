// expected: the receiver takes no such message: see its `answers`
#include <hololoom/actors/workers/coroutine/task_context.hpp>

using namespace hololoom;
using namespace std::chrono_literals;

struct letter {
  int weight = 0;
};
struct parcel {
  int weight = 0;
};

using postman_actor = caf::typed_actor<answers<std::string, letter>>;

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(letter)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parcel)

task send(task_context ctx, postman_actor to) {
#ifdef WRONG
  parcel wrong;
  co_await ctx.request<parcel>(to, 1s, 3);
  co_await ctx.request(to, 1s, wrong);
#else
  letter right;
  co_await ctx.request<letter>(to, 1s, 3);
  co_await ctx.request(to, 1s, right);
#endif
}
