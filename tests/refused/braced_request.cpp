// expected: have it built: ctx.request<message>(to, limit, members...)
#include <hololoom/actors/workers/coroutine/task_context.hpp>

using namespace hololoom;
using namespace std::chrono_literals;

struct letter {
  std::string text;
};

using postman_actor = caf::typed_actor<answers<std::string, letter>>;

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(letter)

task ask(task_context ctx, postman_actor to) {
#ifdef WRONG
  auto answer = co_await ctx.request(to, 2s, letter{"text"});
#else
  auto answer = co_await ctx.request<letter>(to, 2s, "text");
#endif
  letter named{"text"};
  answer = co_await ctx.request(to, 2s, named);
}
